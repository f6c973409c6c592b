import os

os.environ["LAB_LANG"] = "en"  # what the lab says is compared with English texts

pytest_plugins = ["chatlab.checks.plugin"]
