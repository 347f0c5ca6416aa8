"""Who asks for mail."""

from postgres.market import KILN
from rescind.access.principal import Principal

ANN = Principal(role="buyer", id="ann", buyer_id="ann", credential="test")
BOB = Principal(role="buyer", id="bob", buyer_id="bob", credential="test")
SAM = Principal(role="seller", id="sam", shop_id=KILN, credential="test")
SUE = Principal(role="support", id="sue", credential="test")
