-- search_in_order: until this transaction ends, read tables along their indexes and in no other way.
-- A search takes the first rows of an order and stops. Which conditions it comes with is not known when
-- it is planned, and a plan that reads all rows to sort them looks cheap by mistake.
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_bitmapscan', 'off', true)
