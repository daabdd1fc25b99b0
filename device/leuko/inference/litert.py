"""LiteRT's Interpreter on the CPU, in whichever package of it is installed."""

from leuko.inference._base import Model
from leuko.inference._interpreter import InterpreterModel, first_importable, translated
from leuko.inference._quiet import without_chatter

RUNTIMES = (
    "ai_edge_litert.interpreter",
    "tflite_runtime.interpreter",
    "tensorflow.lite",
)
"""Where an Interpreter may be found, best first.

tflite-runtime has no wheel for Python 3.12 and later, and TensorFlow is far too large for a Pi,
but a machine that has one of them already can use it.
"""


class LiteRTEngine:
    """Runs models on the CPU, with XNNPACK's int8 kernels where the runtime has them."""

    def __init__(
        self, *, threads: int = 1, runtimes: tuple[str, ...] = RUNTIMES, reference: bool = False
    ) -> None:
        """Find the runtime.

        Args:
            threads: CPU threads for each model.
            runtimes: modules to try, in this order.
            reference: whether to take the runtime's reference kernels, which give the same bits
                on every processor and take a hundred times as long.

        Raises:
            EngineError: none of them can be imported.
        """
        self._runtime, self._module = first_importable(runtimes)
        self._threads = threads
        self._reference = reference

    @property
    def name(self) -> str:
        """The package in use, and the number of threads."""
        plural = "" if self._threads == 1 else "s"
        kernels = ", reference kernels" if self._reference else ""
        return f"{self._runtime.split('.')[0]} (CPU, {self._threads} thread{plural}{kernels})"

    def load(self, content: bytes) -> Model:
        """Return the model ready to run.

        Raises:
            EngineError: the content is no TFLite model that this runtime can run.
        """
        with translated("load the model"), without_chatter():
            interpreter = self._module.Interpreter(
                model_content=content, num_threads=self._threads, **self._kernels()
            )
            interpreter.allocate_tensors()
        return InterpreterModel(interpreter)

    def _kernels(self) -> dict[str, object]:
        if not self._reference:
            return {}
        # TensorFlow has it in another place than the runtimes.
        kinds = getattr(self._module, "experimental", self._module).OpResolverType
        return {"experimental_op_resolver_type": kinds.BUILTIN_REF}
