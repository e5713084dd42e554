#include "console/stop_signal.hpp"

#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>

#include "pool3/error.hpp"

namespace pool3::jobs {
namespace {

constexpr std::array<int, 5> signals = {SIGTERM, SIGUSR1, SIGINT, SIGXCPU, SIGHUP};

/// Made before a signal comes: a handler can't put texts together.
const char* line_of(Again again, bool json) {
  if (again == Again::resumes)
    return json ? "{\"stage\":\"pool3\",\"message\":\"stopped by a signal; run the same command again to resume\"}\n"
                : "pool3: stopped by a signal; run the same command again to resume\n";
  return json ? "{\"stage\":\"pool3\",\"message\":\"stopped by a signal; the same command begins anew\"}\n"
              : "pool3: stopped by a signal; the same command begins anew\n";
}

volatile std::sig_atomic_t deferred = 0;
volatile std::sig_atomic_t came_yet = 0;
const char* volatile last_line = nullptr;  ///< null: this rank does not speak
int living = 0;

/// Safe in a signal handler.
[[noreturn]] void leave() {
  if (last_line != nullptr) static_cast<void>(!write(STDERR_FILENO, last_line, std::strlen(last_line)));
  _exit(static_cast<int>(ExitCode::resumable));
}

void on_signal(int number) {
  const bool again = came_yet != 0 && number == SIGINT;
  came_yet = 1;
  if (deferred == 0 || again) leave();
}

/// As nohup has it for what it starts.
bool is_ignored(int number) {
  struct sigaction now {};
  return sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

void install(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  for (const int number : signals)
    if (number != SIGHUP || !is_ignored(number)) sigaction(number, &action, nullptr);
}

}  // namespace

StopSignal::StopSignal(const Log& log, Again again) {
  if (living++ > 0) return;
  if (log.speaks()) last_line = line_of(again, log.json());
  install(on_signal);
}
StopSignal::~StopSignal() {
  if (--living == 0) install(SIG_DFL);
}

StopSignal::Deferred::Deferred() { deferred = 1; }
StopSignal::Deferred::~Deferred() {
  deferred = 0;
  if (came_yet != 0) leave();
}
// No static function: only who has deferred a signal may ask.
bool StopSignal::Deferred::came() const {  // NOLINT(readability-convert-member-functions-to-static)
  return came_yet != 0;
}

}  // namespace pool3::jobs
