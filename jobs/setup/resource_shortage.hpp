#pragma once
// What the system may refuse a process: memory, threads, descriptors, large files, time. Each must end a command with a
// line and an exit code, whatever library meets it first.

#include "pool3/error.hpp"

namespace pool3::jobs {

/// Call first. From here on an exception that nobody catches, on any thread, ends the process with a line; where memory
/// or threads ran out, with exit code 1, else by abort(). A library that calls exit() ends it with a line, too. A write
/// beyond the limit of file sizes is an error of that write, not the end of the process. Some memory is kept back for
/// the words about its lack. Threads get stacks of 8 MiB, whatever `ulimit -s` says.
void prepare_for_shortage();

/// Throws Error unless there is room for what MPI takes when it starts, which would end the process or hang in its own
/// way.
void check_room();

/// The process ends by itself after so many seconds, with this exit code: for an end in which a library may hang. What
/// was printed is written out now.
void end_soon(ExitCode code, unsigned seconds = 20);

}  // namespace pool3::jobs
