#pragma once
// One failure type: fields, an exit code, and one printed line.

#include <exception>
#include <stdexcept>
#include <string>

#include "pool3/text.hpp"

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
/// `collective` errors were agreed by every rank of the communicator (see Communicator::all_do()):
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

}  // namespace pool3
