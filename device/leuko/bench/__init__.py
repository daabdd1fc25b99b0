"""``leuko bench``: how fast each backend is on this very device, stage by stage."""

from leuko.bench._run import BackendBench, MachineState, StageBench, bench_backends

__all__ = ["BackendBench", "MachineState", "StageBench", "bench_backends"]
