// The status job: how far a feature file is, seen from any shell.

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <thread>

#include "command.hpp"
#include "console/output.hpp"
#include "pool3/files.hpp"
#include "pool3/store/maintenance.hpp"

namespace pool3::jobs {
namespace {

using State = ProgressReport::State;

const char* name_of(State state) {
  switch (state) {
    case State::running:
      return "running";
    case State::finishing:
      return "finishing";
    case State::finished:
      return "finished";
    case State::stopped:
      break;
  }
  return "stopped";
}

/// What two looks at a file, one after the other, say.
struct Pace {
  double rate = 0;  ///< pictures a second; 0 if not known
  double eta_seconds = -1;
};

Pace pace_of(const ProgressReport& first, const ProgressReport& now, double seconds) {
  Pace pace;
  if (seconds > 0 && now.rows == first.rows) pace.rate = static_cast<double>(now.done - first.done) / seconds;
  if (pace.rate > 0) pace.eta_seconds = static_cast<double>(now.rows - now.done) / pace.rate;
  return pace;
}

nlohmann::ordered_json json_of(const std::string& path, const ProgressReport& r, const Pace& pace) {
  nlohmann::ordered_json j = {
      {"path", utf8_text(path)}, {"state", name_of(r.state)}, {"rows", r.rows}, {"done", r.done}, {"failed", r.failed}};
  j["seconds_since_change"] = r.seconds_since_change;
  if (!r.pid.empty()) j["job"] = {{"host", r.host}, {"slurm_job", r.job}, {"pid", r.pid}};
  if (pace.rate > 0) j["rate"] = pace.rate;
  if (pace.eta_seconds >= 0) j["eta_seconds"] = pace.eta_seconds;
  return j;
}

std::string text_of(const std::string& path, const ProgressReport& r, const Pace& pace) {
  std::string text = fmt::format("{}: {}", path, name_of(r.state));
  if (r.rows > 0) {
    const double percent = 100 * static_cast<double>(r.done) / static_cast<double>(r.rows);
    text += fmt::format(", {}/{} images ({:.1f}%), {} failed", r.done, r.rows, percent, r.failed);
  }
  if (pace.rate > 0) text += fmt::format(", {:.1f}/s, ETA {}", pace.rate, clock_text(pace.eta_seconds));
  if (r.state != State::finished)
    text += fmt::format(", last change {} ago", clock_text(static_cast<double>(r.seconds_since_change)));
  if (!r.pid.empty()) text += fmt::format(" (host {}, job {}, pid {})", r.host, r.job, r.pid);
  if (r.state == State::stopped) text += "; run the same command again to resume";
  return text;
}

bool is_begun(const std::string& file) { return file_exists(file) || file_exists(file + ".partial"); }

class StatusCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.take_arguments("FILE", files_, "feature files; those of running jobs with or without .partial");
    p.add_switch("json", json_, "one JSON line for each file", Changes::nothing);
    p.add("watch", watch_seconds_,
          "look again every N seconds until the file is finished, with rate and ETA; waits for it to appear", 0.0,
          Changes::nothing);
  }

  void check() const override {
    if (!(watch_seconds_ >= 0)) throw usage_error("--watch must be 0 or more");
  }

  ExitCode run(const Context& context) override {
    bool stopped = false;
    context.comm.root_does([&] {
      for (const auto& file : files_) stopped = show(file) == State::stopped || stopped;
    });
    return context.comm.all(!stopped) ? ExitCode::ok : ExitCode::resumable;
  }

 private:
  void pause() const { std::this_thread::sleep_for(std::chrono::duration<double>(watch_seconds_)); }

  /// With --watch, waits for a file that no job has begun yet. Throws Error if its folder is not there.
  void wait_for(const std::string& file) const {
    if (watch_seconds_ == 0 || is_begun(file)) return;
    if (!file_exists(folder_of(file)))
      throw error_at({"status", file}, fmt::format("the folder {} does not exist", folder_of(file)));
    if (json_) print_json({{"path", file}, {"state", "absent"}});
    if (!json_) print_line(file + ": not there yet; waiting for it");
    while (flush_output() && !is_begun(file)) pause();
  }

  /// Prints a line, or many with --watch. Returns the last state.
  [[nodiscard]] State show(const std::string& file) const {
    using Clock = std::chrono::steady_clock;
    wait_for(file);
    const auto start = Clock::now();
    const ProgressReport first = features_progress(file);
    ProgressReport now = first;
    while (true) {
      const Pace pace = pace_of(first, now, std::chrono::duration<double>(Clock::now() - start).count());
      if (json_) print_json(json_of(file, now, pace));
      if (!json_) print_line(text_of(file, now, pace));
      const bool is_read = flush_output();
      if (watch_seconds_ == 0 || !is_read || now.state == State::finished || now.state == State::stopped)
        return now.state;
      pause();
      now = features_progress(file);
    }
  }

  std::vector<std::string> files_;
  bool json_ = false;
  double watch_seconds_ = 0;
};

}  // namespace

std::unique_ptr<Command> make_status() { return std::make_unique<StatusCommand>(); }

}  // namespace pool3::jobs
