"""Sins on request: what a Python strategy may do wrong, one at a time, on a message of the run's choice."""

import ctypes
import multiprocessing
import os
import signal
import sys
import time

from backplane import Descriptor, Order, Param, Schema, Side, Strategy

SINS = [
    "nothing",
    "raises",
    "prints_a_gigabyte",
    "prints_many_lines",
    "writes_a_gigabyte_to_its_output",
    "gives_a_billion_orders",
    "sleeps_for_ever",
    "kills_itself",
    "closes_its_stdout",
    "closes_all_files",
    "forks",
    "starts_a_process",
    "imports_a_missing_module",
    "exits",
    "exits_at_once",
    "takes_all_memory",
    "submits_no_order",
    "submits_a_fraction",
    "segfaults",
    "catches_the_limit_and_goes_on",
    "forks_past_python",
    "spawns_a_worker",
    "heeds_no_limit",
    "leaves_its_pipe_behind",
]


class Misbehave(Strategy):
    """Trades a little, and sins on its message ``at``."""

    @classmethod
    def descriptor(cls):
        return (
            Descriptor("misbehave", "1.0.0")
            .subscribe(Schema.BBO_PRICE)
            .param(Param.integer("sin", 0, 0, len(SINS) - 1, "what to do wrong"))
            .param(Param.integer("at", 20, 1, 1_000_000, "on which market message"))
        )

    def __init__(self, params):
        self.sin = SINS[params.integer("sin")]
        self.at = params.integer("at")
        self.heard = 0

    def on_market(self, bbo, ctx):
        self.heard += 1
        if self.heard % 50 == 0:
            ctx.submit(Order.market(bbo.instrument, Side.BUY if ctx.position(bbo.instrument) < 1 else Side.SELL, 1))
        if self.heard == self.at:
            getattr(self, self.sin)(bbo, ctx)

    def nothing(self, bbo, ctx):
        pass

    def raises(self, bbo, ctx):
        def helper(divisor):
            return 1 / divisor

        helper(0)

    def prints_a_gigabyte(self, bbo, ctx):
        print("x" * 1_000_000_000)

    def prints_many_lines(self, bbo, ctx):
        for _ in range(10_000_000):
            print("a line")

    def writes_a_gigabyte_to_its_output(self, bbo, ctx):
        part = b"y" * 1_000_000
        for _ in range(1_000):
            os.write(1, part)
        raise RuntimeError("wrote a gigabyte")

    def gives_a_billion_orders(self, bbo, ctx):
        for _ in range(1_000_000_000):
            ctx.submit(Order.market(bbo.instrument, Side.BUY, 1))

    def sleeps_for_ever(self, bbo, ctx):
        while True:
            time.sleep(3_600)

    def kills_itself(self, bbo, ctx):
        os.kill(os.getpid(), signal.SIGKILL)

    def closes_its_stdout(self, bbo, ctx):
        sys.stdout.close()
        os.close(1)
        raise RuntimeError("still here without an output")

    def closes_all_files(self, bbo, ctx):
        os.closerange(0, 256)
        time.sleep(3_600)

    def forks(self, bbo, ctx):
        os.fork()

    def starts_a_process(self, bbo, ctx):
        os.system("sleep 1000")

    def imports_a_missing_module(self, bbo, ctx):
        import no_such_module_anywhere  # noqa: F401

    def exits(self, bbo, ctx):
        sys.exit(3)

    def exits_at_once(self, bbo, ctx):
        os._exit(0)

    def takes_all_memory(self, bbo, ctx):
        self.hoard = [bytearray(1 << 28) for _ in range(1_000)]

    def submits_no_order(self, bbo, ctx):
        ctx.submit({"side": "buy"})

    def submits_a_fraction(self, bbo, ctx):
        ctx.submit(Order.limit(bbo.instrument, Side.BUY, 579.4, 1))

    def segfaults(self, bbo, ctx):
        ctypes.string_at(0)

    def catches_the_limit_and_goes_on(self, bbo, ctx):
        try:
            print("x" * 100_000)
        except RuntimeError:
            pass

    def forks_past_python(self, bbo, ctx):
        if ctypes.CDLL(None).fork() == 0:
            time.sleep(3_600)
        raise RuntimeError("left a process behind")

    def heeds_no_limit(self, bbo, ctx):
        while True:
            try:
                time.sleep(3_600)
            except BaseException:
                pass

    def leaves_its_pipe_behind(self, bbo, ctx):
        system = ctypes.CDLL(None)
        if system.fork() == 0:
            system.setsid()
            time.sleep(60)
        os._exit(0)

    def spawns_a_worker(self, bbo, ctx):
        multiprocessing.get_context("spawn").Process(target=time.sleep, args=(3_600,)).start()
        raise RuntimeError("left a process behind")
