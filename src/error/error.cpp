#include "pool3/error.hpp"

#include <fmt/format.h>

#include <system_error>
#include <utility>

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

}  // namespace pool3
