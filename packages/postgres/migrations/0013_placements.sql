-- Which endpoint an attempt was sent to, and why: { endpoint, model, why }. Null of all that goes nowhere.
alter table usage add column placed json;
