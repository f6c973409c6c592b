pytest_plugins = ["chatlab.checks.plugin"]
