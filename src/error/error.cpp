#include "pool3/error.hpp"

#include <fmt/format.h>

#include <new>
#include <system_error>
#include <utility>

#include "pool3/error/unforeseen.hpp"

namespace pool3 {
namespace {

std::string compose(const ErrorFields& f) {
  std::string line = f.rank >= 0 ? fmt::format("rank {}", f.rank) : "";
  for (const std::string* part : {&f.stage, &f.path, &f.cause}) {
    if (!part->empty()) line += fmt::format("{}{}", line.empty() ? "" : ": ", *part);
  }
  if (!f.advice.empty()) line += fmt::format(" ({})", f.advice);
  return one_line(line);
}

constexpr const char* ask_for_less =
    "give the job more, as by ulimit -v or Slurm's --mem, or ask for less: fewer ranks on a node, --threads or a "
    "smaller --batch where the command has them";

bool is_short_of_threads(const std::exception& error) {
  const auto* system = dynamic_cast<const std::system_error*>(&error);
  return system != nullptr && (system->code() == std::errc::resource_unavailable_try_again ||
                               system->code() == std::errc::not_enough_memory);
}

}  // namespace

Error::Error(ErrorFields fields, bool collective)
    : std::runtime_error(compose(fields)), fields_(std::move(fields)), collective_(collective) {}

Error usage_error(std::string cause, std::string advice) {
  return Error({.cause = std::move(cause), .advice = std::move(advice), .code = ExitCode::usage});
}

Error file_error(std::string stage, std::string path, int error_number, std::string advice) {
  return Error({.stage = std::move(stage),
                .path = std::move(path),
                .cause = std::generic_category().message(error_number),
                .advice = std::move(advice)});
}

bool is_shortage(const std::exception& error) {
  return dynamic_cast<const std::bad_alloc*>(&error) != nullptr || is_short_of_threads(error);
}

Error unforeseen_error(const std::exception& error) {
  if (const auto* known = dynamic_cast<const Error*>(&error)) return *known;
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) {
    return Error({.cause = "memory ran out", .advice = ask_for_less});
  }
  if (is_short_of_threads(error)) {
    return Error(
        {.cause = fmt::format("the system gives no more threads or memory: {}", error.what()), .advice = ask_for_less});
  }
  return Error({.cause = error.what()});
}

}  // namespace pool3
