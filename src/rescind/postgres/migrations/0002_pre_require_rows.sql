-- A statement that writes many tables at once calls this on what it found: too few rows, and all of it is undone.
CREATE FUNCTION require_rows(touched bigint, wanted bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF touched <> wanted THEN
        RAISE EXCEPTION 'an order is not any more as it was read' USING ERRCODE = 'serialization_failure';
    END IF;
END $$;
