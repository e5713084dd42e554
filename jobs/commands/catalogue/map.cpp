// The map job: feature file -> map file, t-SNE.

#include "pool3/map.hpp"

#include <fmt/format.h>

#include <memory>

#include "command.hpp"
#include "console/output.hpp"
#include "console/stop_signal.hpp"
#include "pool3/extraction.hpp"
#include "pool3/files.hpp"
#include "setup/root_work.hpp"

namespace pool3::jobs {
namespace {

constexpr const char* stage = "map";
constexpr int most_threads = 1024;

/// Rows or steps of each stage, one stage after the other.
class MapDisplay {
 public:
  explicit MapDisplay(Log& log) : log_(log) {}

  void show(const MapProgress& p) {
    if (!progress_ || name_ != p.stage) {
      finish();
      name_ = p.stage;
      progress_ = std::make_unique<Progress>(log_, fmt::format("{}: {}", stage, name_),
                                             p.stage == "layout" ? "steps" : "rows", p.total);
    }
    done_ = p.done;
    progress_->update(p.done);
  }
  void finish() {
    if (progress_) progress_->finish(done_);
    progress_.reset();
  }

 private:
  Log& log_;
  std::string name_;
  std::unique_ptr<Progress> progress_;
  std::int64_t done_ = 0;
};

std::string quality_text(const MapQuality& q) {
  return fmt::format("trustworthiness {:.4f}, neighbours kept {:.4f}", q.trustworthiness, q.neighbours_kept);
}

class MapCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.add_required("features", features_, "feature file");
    p.take_without_flag("features");
    p.add_required("out", out_, "map file to make", Changes::file);
    p.reads("features");
    p.writes("out");
    p.add("perplexity", options_.perplexity, "about how many neighbours each picture is drawn to", 30.0);
    p.add("steps", options_.steps, "steps of the descent; in the first third neighbours pull twelvefold", 750);
    p.add(
        "most", options_.most,
        "pictures that are laid out, from each class as evenly as can be; the others are placed among their neighbours",
        std::int64_t{100'000});
    p.add("seed", options_.seed, "seed of the start and of what is sampled", std::uint64_t{0});
    p.add("threads", options_.threads, "threads of the first rank, which does the work; 0: its share of the cores", 0,
          Changes::nothing);
  }
  void check() const override {
    pool3::check(options_);
    if (options_.threads < 0 || options_.threads > most_threads)
      throw usage_error(fmt::format("--threads must be between 0 and {}", most_threads));
  }
  ExitCode run(const Context& context) override {
    const StopSignal signal(context.log, Again::begins_anew);
    options_.threads = thread_count(context.comm, options_.threads);
    root_works(context.comm, [&](const auto& alive) { make(context, alive); });
    return ExitCode::ok;
  }

 private:
  void make(const Context& context, const std::function<void()>& alive) const {
    check_output({stage, out_});
    const FeatureReader reader(features_);
    MapDisplay display(context.log);
    CatalogueMap map = make_map(reader, options_, [&](const MapProgress& p) {
      display.show(p);
      alive();
    });
    display.finish();
    map.config = context.config;
    write_map(map, out_);
    const std::string others = map.laid_out == std::ssize(map.rows) ? ""
                                                                    : fmt::format(", {} of them among their neighbours",
                                                                                  std::ssize(map.rows) - map.laid_out);
    print_line(fmt::format("{}: {} rows{}, {}, perplexity {}", out_, map.rows.size(), others, map.method,
                           number_text(map.perplexity)));
    print_line("map            " + quality_text(map.quality));
    print_line("two components " + quality_text(map.pca));
  }

  std::string features_, out_;
  MapOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_map_command() { return std::make_unique<MapCommand>(); }

}  // namespace pool3::jobs
