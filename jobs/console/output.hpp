#pragma once
// stdout: the product of a command. Everything that is printed there goes this way. Printing never throws; whether all
// of it has arrived shows at the end. Only the root rank prints.

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace pool3::jobs {

/// Call first of all. Puts /dev/null where stdin, stdout or stderr is closed, or the next file that is opened would get
/// its number, and what is printed. Lets a job outlive who reads its output or its log.
void prepare_output();

/// One line, with what came from outside made safe (see one_line()).
void print_line(const std::string& line);
/// A value in one line of JSON.
void print_json(const nlohmann::ordered_json& value);
/// Several lines that hold nothing from outside, or that one_line() has seen.
void print_text(const std::string& text);
/// Lets readers see what was printed so far. False if some of it did not arrive, so that a command without an end can
/// stop.
bool flush_output();

/// Throws Error if any of it did not arrive, also where stdout was closed from the start.
void finish_output();

}  // namespace pool3::jobs
