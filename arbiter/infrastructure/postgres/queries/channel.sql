-- channel: the name under which this schema's appends are announced.
SELECT arbiter.channel()
