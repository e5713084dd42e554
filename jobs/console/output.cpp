#include "console/output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <system_error>

#include "pool3/error.hpp"

namespace pool3::jobs {
namespace {

bool was_closed = false;  // stdout, when the process began
int first_error = 0;      // an errno value; 0: all of it has arrived

void remember_error(int error_number) {
  if (first_error == 0) first_error = error_number;
}

/// Shows what a remote file system finds only when a file is closed.
int close_copy() {
  const int copy = dup(STDOUT_FILENO);
  return copy < 0 ? copy : close(copy);
}

}  // namespace

void prepare_output() {
  was_closed = fcntl(STDOUT_FILENO, F_GETFD) < 0;
  for (const int number : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(number, F_GETFD) < 0) static_cast<void>(open("/dev/null", O_RDWR));  // gets the lowest free number
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
}

void print_text(const std::string& text) {
  errno = 0;
  if (was_closed) remember_error(EBADF);
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) remember_error(errno);
}

void print_line(const std::string& line) { print_text(one_line(line) + "\n"); }

void print_json(const nlohmann::ordered_json& value) {
  print_text(one_line_json(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)) + "\n");
}

bool flush_output() {
  errno = 0;
  if (std::fflush(stdout) != 0) remember_error(errno);
  return first_error == 0;
}

void finish_output() {
  flush_output();
  if (first_error == 0 && !was_closed && close_copy() != 0) remember_error(errno);
  if (first_error == 0) return;
  throw Error({.path = "standard output",
               .cause = was_closed ? "is closed" : std::generic_category().message(first_error),
               .advice = "what was printed is not complete"});
}

}  // namespace pool3::jobs
