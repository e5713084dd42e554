#pragma once
// One failure type: fields, an exit code, and one printed line.

#include <cstddef>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

namespace pool3 {

/// Process exit codes; a contract with scripts.
enum class ExitCode : int {
  ok = 0,
  failed = 1,
  usage = 2,        ///< usage or configuration
  some_failed = 3,  ///< done, but some images failed
  resumable = 75,   ///< stopped early; the same command resumes
};

/// The fields of an error line. Empty fields are left out.
struct ErrorFields {
  std::string stage;   ///< what was being done: "extract", "read weights", ...
  std::string path;    ///< the file or folder it was done to
  std::string cause;   ///< what went wrong
  std::string advice;  ///< what the user can do
  ExitCode code = ExitCode::failed;
  int rank = -1;  ///< the rank it happened on; -1 where that says nothing
};

/// An error that ends the job. `what()` is one line "rank R: STAGE: PATH: CAUSE (ADVICE)".
/// `collective` errors were agreed by every rank of the communicator (see Communicator::agree):
/// all ranks throw the same one, so that the job can end in order; any other error must abort the job.
class Error : public std::runtime_error {
 public:
  explicit Error(ErrorFields fields, bool collective = false);
  [[nodiscard]] const ErrorFields& fields() const { return fields_; }
  [[nodiscard]] bool collective() const { return collective_; }

 private:
  ErrorFields fields_;
  bool collective_;
};

/// Usage or configuration error (exit code 2).
[[nodiscard]] Error usage_error(std::string cause, std::string advice = {});
/// Error about a file, with the text of `error_number` (an errno value) as cause.
[[nodiscard]] Error file_error(std::string stage, std::string path, int error_number, std::string advice = {});

/// An exception that nobody turned into an Error, as one: its words as cause; and where memory or threads ran out, that
/// and what to do. An Error stays as it is.
[[nodiscard]] Error unforeseen_error(const std::exception& error);

// Names of files, classes and jobs come from outside: a name may end a line, or hold what a terminal obeys.

/// `text` as one line of UTF-8 that shows as it is: control characters (C0, DEL, C1), ends of lines, marks of direction
/// and characters without a shape become escapes as in C (\n, \x1b, \u202e), and so do bytes that are no UTF-8 (\xff).
/// What is in order stays as it is, backslashes too, so a second call changes nothing.
[[nodiscard]] std::string one_line(std::string_view text);
/// The same for JSON text, with JSON's escapes: the value stays what it was. REQUIRES: no line ends between values.
[[nodiscard]] std::string one_line_json(std::string_view json);

/// What a JSON text has more of than any that pool3 writes, as a cause, or "": a depth of more than 128, which copies
/// and comparisons go down with, or more than 16,384 members of an object, each of which is compared with those before
/// it. Ask before a text from outside is parsed. Takes any text.
[[nodiscard]] std::string excess_of_json(std::string_view text);

/// Length of the longest beginning of `text` that is valid UTF-8.
[[nodiscard]] std::size_t valid_utf8(std::string_view text);
/// `text` for JSON, which must be UTF-8. Where it is not, bytes that are none become \xHH, and each backslash is
/// doubled. So different texts stay different. Texts that are UTF-8 stay as they are, but for those that contain \x.
[[nodiscard]] std::string utf8_text(const std::string& text);

}  // namespace pool3
