"""Every kind of group robot that can be connected: a line a kind."""

from __future__ import annotations

from collections.abc import Mapping

from rescind.notices.dingtalk import DingTalk
from rescind.notices.feishu import Feishu
from rescind.notices.robot import Robot
from rescind.notices.wecom import WeCom

ROBOTS: Mapping[str, Robot] = {
    WeCom.kind: WeCom(),
    Feishu.kind: Feishu(),
    DingTalk.kind: DingTalk(),
}
