#include "console/unforeseen.hpp"

#include <new>
#include <system_error>

#include "pool3/error.hpp"

namespace pool3::jobs {
namespace {

constexpr const char* advice =
    "give the job more, as by ulimit -v or Slurm's --mem, or ask for less: fewer ranks on a node, --threads or a "
    "smaller --batch where the command has them";

}  // namespace

std::string unforeseen(const std::exception& error) {
  if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return std::string("memory ran out (") + advice + ")";
  const auto* system = dynamic_cast<const std::system_error*>(&error);
  const bool is_short = system != nullptr && (system->code() == std::errc::resource_unavailable_try_again ||
                                              system->code() == std::errc::not_enough_memory);
  if (is_short) return "the system gives no more threads or memory: " + one_line(error.what()) + " (" + advice + ")";
  return one_line(error.what());
}

}  // namespace pool3::jobs
