-- Notes since when this Redis remembers live events, if it is not noted.
--
-- KEYS[1]  the shared base, for example "weft:{+}:"
-- returns  nothing

remembersSince()
