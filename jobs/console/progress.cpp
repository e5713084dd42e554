#include "console/progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "console/text.hpp"

namespace pool3::jobs {
namespace {

constexpr double redraw_seconds = 0.2;  // on a terminal
constexpr double first_minute = 60;
constexpr double least_seconds = 5;  // between two lines in the first minute
constexpr double later_least_seconds = 30;
constexpr double most_seconds = 300;
constexpr double percent = 0.01;
constexpr int bar_width = 30;

std::string bar(double part) {
  const int full = static_cast<int>(std::clamp(part, 0.0, 1.0) * bar_width);
  return fmt::format("[{:#<{}}{:.<{}}]", "", full, "", bar_width - full);
}

}  // namespace

Progress::Progress(Log& log, std::string stage, std::string unit, std::int64_t total, std::int64_t before)
    : log_(&log),
      stage_(std::move(stage)),
      unit_(std::move(unit)),
      total_(total),
      before_(before),
      start_(log.clock().seconds()),
      shown_done_(before),
      metrics_clock_(log.clock()) {}

void Progress::update(std::int64_t done, const std::string& note) {
  if (metrics_clock_.due()) measure(done, note);
  if (due(done)) show(done, note, false);
}

void Progress::finish(std::int64_t done, const std::string& note) {
  measure(done, note);
  show(done, note, true);
}

bool Progress::due(std::int64_t done) const {
  const double elapsed = seconds();
  const double since = elapsed - shown_seconds_;
  if (log_->redraws()) return since >= redraw_seconds;
  if (elapsed <= first_minute) return since >= least_seconds;
  return since >= most_seconds || (since >= later_least_seconds && is_percent_further(done));
}

bool Progress::is_percent_further(std::int64_t done) const {
  if (unit_.empty()) return seconds() - shown_seconds_ >= percent * seconds();
  return static_cast<double>(done - shown_done_) >= percent * static_cast<double>(total_);
}

double Progress::rate(std::int64_t done) const {
  const double elapsed = seconds();
  return elapsed > 0 ? static_cast<double>(done - before_) / elapsed : 0;
}

void Progress::measure(std::int64_t done, const std::string& note) const {
  if (!log_->speaks() || log_->metrics() == nullptr) return;
  const double pace = rate(done);
  log_->metrics()->progress({.stage = stage_,
                             .note = note,
                             .done = done,
                             .total = unit_.empty() ? 0 : total_,
                             .failed = failed,
                             .rate = pace,
                             .eta_seconds = pace > 0 ? static_cast<double>(total_ - done) / pace : -1,
                             .elapsed_seconds = seconds()});
}

std::string Progress::counts(std::int64_t done, bool last, Fields& fields) const {
  const double pace = rate(done);
  fields = {{"done", fmt::to_string(done)}, {"total", fmt::to_string(total_)}, {"rate", fixed(pace, 2)}};
  const std::string text = fmt::format("{}/{} {}, {:.1f}/s, ", done, total_, unit_, pace);
  if (last || pace == 0) return text + clock_text(seconds());
  const double eta = static_cast<double>(total_ - done) / pace;
  fields.emplace_back("eta_seconds", fixed(eta, 0));
  return text + "ETA " + clock_text(eta);
}

void Progress::show(std::int64_t done, const std::string& note, bool last) {
  if (!log_->speaks()) return;
  shown_seconds_ = seconds();
  shown_done_ = done;
  Fields fields;
  std::string text = unit_.empty() ? clock_text(seconds()) : counts(done, last, fields);
  if (!note.empty()) text = unit_.empty() ? note + ", " + text : text + ", " + note;
  if (log_->redraws() && !last) {
    const std::string drawn = total_ > 0 ? bar(static_cast<double>(done) / static_cast<double>(total_)) + " " : "";
    log_->draw(fmt::format("{} {}{}", stage_, drawn, text));
    return;
  }
  fields.emplace_back("elapsed_seconds", fixed(seconds(), 1));
  log_->erase_drawn();
  log_->line(stage_, text, fields);
}

}  // namespace pool3::jobs
