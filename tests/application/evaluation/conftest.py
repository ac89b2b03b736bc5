"""The evaluation is an extra: without numpy its tests are skipped."""

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("numpy") else ["test_*.py"]
