#include "stop_signal.hpp"

#include <unistd.h>

#include <array>
#include <csignal>

#include "pool3/error.hpp"

namespace pool3::jobs {
namespace {

constexpr std::array<int, 2> signals = {SIGTERM, SIGUSR1};
volatile std::sig_atomic_t deferred = 0;
volatile std::sig_atomic_t came_yet = 0;

void on_signal(int /*number*/) {
  came_yet = 1;
  if (deferred == 0) _exit(static_cast<int>(ExitCode::resumable));
}

void install(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  for (const int number : signals) sigaction(number, &action, nullptr);
}

}  // namespace

StopSignal::StopSignal() { install(on_signal); }
StopSignal::~StopSignal() { install(SIG_DFL); }

StopSignal::Deferred::Deferred() { deferred = 1; }
StopSignal::Deferred::~Deferred() {
  deferred = 0;
  if (came_yet != 0) _exit(static_cast<int>(ExitCode::resumable));
}
bool StopSignal::Deferred::came() const { return came_yet != 0; }

}  // namespace pool3::jobs
