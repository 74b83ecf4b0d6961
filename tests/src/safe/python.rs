//! What strategies in Python can do wrong.
//!
//! Takes in nothing; gives out cases. Each instance is a process of its own: whatever it does costs that process, and the
//! run goes on. What is raised is told to its message, what takes the process to the first message of its call.

use super::case::{Allowed, Case, Deed};

/// The cases of strategies in Python.
pub fn cases() -> Vec<Case> {
    let run = |sin, number, cause| Case::stopped("python", sin, number, ("bbo", cause));
    let file = |sin, name: &str, make, cause| Case {
        sin,
        carrier: "python",
        deed: Deed::File(name.into(), make),
        allowed: Allowed::Stopped("loading", cause),
    };
    vec![
        run("an exception", 1, "ZeroDivisionError: division by zero"),
        run("a gigabyte in one line", 2, "a line of more than 65536"),
        run("ten million lines", 3, "more than 4096 lines"),
        run("a gigabyte on its output", 4, "RuntimeError"),
        run("a billion orders", 5, "more than 65536 commands"),
        run("sleep for ever", 6, "did not answer within"),
        run("it kills itself", 7, "SIGKILL"),
        run("it closes its output", 8, "RuntimeError"),
        run("it closes all files", 9, "closed its connection"),
        run("it forks", 10, "must not start processes"),
        run("it starts a program", 11, "must not start processes"),
        run("a missing module", 12, "ModuleNotFoundError"),
        run("it exits", 13, "SystemExit: 3"),
        run("it exits at once", 14, "ended with code 0"),
        Case {
            deed: Deed::Governed(15, "python_memory = \"1GiB\""),
            ..run("memory without end", 15, "MemoryError")
        },
        run("an order that is none", 16, "TypeError"),
        run("half a unit of price", 17, "cannot be sent"),
        run("a wild address", 18, "SIGSEGV"),
        run("it catches its limits", 19, "a line of more than 65536"),
        run("it forks past Python", 20, "left a process behind"),
        run("it spawns a worker", 21, "must not start processes"),
        file(
            "a program that is cut off",
            "cut.py",
            |_| Ok(b"from backplane import (".to_vec()),
            "SyntaxError",
        ),
        file(
            "a program that holds no strategy",
            "none.py",
            |_| Ok(b"import backplane\n".to_vec()),
            "defines no strategy",
        ),
        file(
            "an exit while it is loaded",
            "gone.py",
            |_| Ok(b"import backplane, os\nos._exit(3)\n".to_vec()),
            "ended with code 3",
        ),
        Case {
            allowed: Allowed::Refused("it is a Python file, but no strategy"),
            ..file(
                "a program that is no strategy",
                "tool.py",
                |_| Ok(b"print(1)\n".to_vec()),
                "",
            )
        },
    ]
}
