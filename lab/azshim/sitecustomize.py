"""Lets Debian's az run its "role" commands.

Debian ships azure-cli 2.45 with a newer python3-azure, whose operation classes
call their configuration "_config" where azure-cli asks for "config". This
module, first on PYTHONPATH, adds the old name when the authorization package is
imported. It changes nothing on disk and nothing outside that package.
"""

import sys
from importlib.machinery import PathFinder

PACKAGE = "azure.mgmt.authorization"


def _add_config(module):
    for cls in list(vars(module).values()):
        if not isinstance(cls, type) or not cls.__module__.startswith(PACKAGE):
            continue
        if cls.__name__.endswith(("Operations", "Client")) and not hasattr(cls, "config"):
            cls.config = property(lambda self: self._config)


class _Finder:
    """Finds the package's modules as usual and patches them once executed."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != PACKAGE and not name.startswith(PACKAGE + "."):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            _add_config(module)

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, _Finder)
