"""For tests of Arbiter and of programs that embed it: scenarios, builders, clocks, twins."""
