import importlib.util
import sys

print("bash_kernel:", importlib.util.find_spec("bash_kernel") is not None)
sys.stdout.flush()
sys.exit(0)
