"""A demonstration on real code: reviewers at work, one of them killed half-way."""
