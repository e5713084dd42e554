// The audit job: feature file -> lists of what is wrong in its catalogue.

#include "pool3/audit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "command.hpp"
#include "commands/catalogue/small_pictures.hpp"
#include "console/output.hpp"
#include "console/stop_signal.hpp"
#include "pool3/extraction.hpp"
#include "pool3/files.hpp"

namespace pool3::jobs {
namespace {

namespace fs = std::filesystem;

constexpr const char* stage = "audit";
constexpr const char* whole = "audit.json";

/// What each list is, for people.
struct Title {
  const char* name;
  const char* text;
};
constexpr std::array<Title, 6> titles = {{{"same_bytes", "the same bytes with different labels"},
                                          {"wrong_labels", "labels that held-out probabilities contradict"},
                                          {"near_copies", "near copies of other pictures"},
                                          {"outliers", "pictures unlike all others"},
                                          {"overlaps", "pairs of classes that are mixed up"},
                                          {"small_classes", "classes with few pictures"}}};

bool is_own(const std::string& name) {
  return name == whole ||
         std::ranges::any_of(titles, [&](const Title& t) { return name == fmt::format("{}.csv", t.name); });
}

/// Throws unless `folder` is not there, empty, or holds an audit alone.
void check_folder_is_own(const std::string& folder) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (is_own(name) || name.ends_with(".tmp")) continue;
    throw Error({.stage = stage,
                 .path = folder,
                 .cause = fmt::format("the folder holds {}, which is of no audit", one_line(name)),
                 .advice = "give a new folder, or an empty one"});
  }
}

/// Throws unless the folder is there and may be written to, or can be made.
void check_folder_can_be_made(const std::string& folder) {
  std::error_code error;
  fs::path there = fs::absolute(folder, error);
  while (!fs::exists(there, error) && there.has_relative_path()) there = there.parent_path();
  check_folder({stage, (there / whole).string()});
}

std::string where_text(const AuditList& list) {
  if (list.name != "near_copies") return {};
  const auto with = [&](const char* where) {
    return std::ranges::count_if(list.findings,
                                 [&](const Finding& f) { return f.where.find(where) != std::string::npos; });
  };
  return fmt::format(" ({} across classes, {} across the split)", with("across classes"), with("across the split"));
}

void print(const Audit& audit, bool json) {
  if (json) return print_json(nlohmann::ordered_json::parse(counts_json(audit)));
  for (const AuditList& list : audit.lists) {
    const auto* const title = std::ranges::find(titles, list.name, [](const Title& t) { return std::string(t.name); });
    print_line(fmt::format("{:<14}{:8}  {}{}", list.name, list.findings.size(), title->text, where_text(list)));
  }
}

class AuditCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.add_required("features", features_, "feature file");
    p.take_without_flag("features");
    p.add("model", model_, "model file: its C, kernel and split are taken", std::string());
    p.add_required("out", out_, "folder to make: a CSV for each list, and audit.json", Changes::file);
    p.reads("features");
    p.reads("model");
    p.writes_folder("out", {"*.csv", whole});
    p.add("C", C_, "without --model: cost of errors of the linear SVM that judges labels", 1.0);
    p.add("folds", folds_, "folds of the probabilities that labels are judged by", 5);
    p.add("near", near_,
          "without pictures: near copies are nearer than this share of the median distance to the nearest one", 0.13);
    p.add_optional_list("corpus", corpus_,
                        "folders in which pictures are looked for first, if the catalogue has moved");
    p.reads("corpus", ReadPath::Form::path);
    p.add_switch("no-pictures", no_pictures_, "near copies by features alone, without a look at the pictures");
    p.add("outlier-reach", reach_, "outliers are farther than so many interquartile ranges above the third quartile",
          1.7);
    p.add("small-class", small_, "classes with fewer pictures are listed", std::int64_t{10});
    p.add("threads", threads_, "threads per rank; 0: its share of the cores", 0, Changes::nothing);
    p.add_switch("json", json_, "print the numbers of findings as one JSON line", Changes::nothing);
  }
  void check() const override { pool3::check(options_of({}, threads_)); }

  ExitCode run(const Context& context) override {
    const StopSignal signal(context.log, Again::begins_anew);
    const Communicator& comm = context.comm;
    std::unique_ptr<FeatureReader> reader;
    std::optional<Model> model;
    Split split;
    comm.all_do([&] {
      if (comm.is_root()) {
        check_folder_is_own(out_);
        check_folder_can_be_made(out_);
      }
      reader = std::make_unique<FeatureReader>(features_);
      if (model_.empty()) return;
      model = read_model(model_);
      check_fits(*reader, *model);
      split = split_of(*model, model_, *reader);
    });
    AuditOptions options = options_of(model, thread_count(comm, threads_));
    options.split = split;
    const Audit audit = look(context, *reader, options);
    comm.root_does([&] { write(context, audit); });
    return ExitCode::ok;
  }

 private:
  [[nodiscard]] AuditOptions options_of(const std::optional<Model>& model, int threads) const {
    AuditOptions options = audit_options(model, C_, folds_, threads);
    options.near.share = near_;
    options.outlier_reach = reach_;
    options.small_class = small_;
    return options;
  }

  void check_fits(const FeatureReader& reader, const Model& model) const {
    const std::string difference = input_difference(reader, model);
    if (difference.empty()) return;
    throw Error({.stage = stage,
                 .path = model_,
                 .cause = "the model was trained on features of another kind: " + difference,
                 .advice = "give the model of these features, or none"});
  }

  [[nodiscard]] Audit look(const Context& context, const FeatureReader& reader, AuditOptions options) const {
    std::optional<Progress> rows, labels;
    std::string stage_now;
    std::int64_t done = 0;
    const auto show = [&](const AuditProgress& p) {
      if (p.stage == "labels") {
        if (rows) rows->finish(done);
        rows.reset();
        if (!labels) labels.emplace(context.log, "audit: labels", "", 0);
        return labels->update(0, p.note);
      }
      if (rows && stage_now != p.stage) rows->finish(done);
      if (stage_now != p.stage || p.done < done)
        rows.emplace(context.log, fmt::format("audit: {}", p.stage), "rows", p.total);
      stage_now = p.stage;
      rows->update(done = p.done);
    };
    if (!no_pictures_)
      options.pictures = [&](const std::vector<Row>& some) {
        SmallPictures found = small_pictures(
            context.comm, reader, some, corpus_, options.near.threads,
            [&](std::int64_t n, std::int64_t of) { show({.stage = "pictures", .done = n, .total = of}); });
        tell_missing(context, reader, found);
        return found;
      };
    Audit audit = audit_catalogue(context.comm, reader, options, show);
    if (rows) rows->finish(done);
    for (const std::string& note : audit.notes) context.log.line(stage, note);
    return audit;
  }

  static void tell_missing(const Context& context, const FeatureReader& reader, const SmallPictures& found) {
    const auto missing = std::ranges::count(found.there, false);
    const bool has_none = reader.rows() > 0 && reader.paths({0, 1}).front() == "row-0";  // imported without paths
    if (missing > 0 && !has_none)
      context.log.line(stage,
                       fmt::format("{} of {} pictures are not to be had, or have changed: features alone say what "
                                   "is nearly the same as they are; --corpus says where pictures are",
                                   missing, found.there.size()));
  }

  void write(const Context& context, const Audit& audit) const {
    make_folder({stage, out_});
    const auto path_of = [&](const std::string& name) { return (fs::path(out_) / name).string(); };
    for (const AuditList& list : audit.lists) write_whole_file({stage, path_of(list.name + ".csv")}, to_csv(list));
    write_whole_file({stage, path_of(whole)}, to_json(audit, features_, model_, context.config));
    print(audit, json_);
  }

  std::string features_, model_, out_;
  std::vector<std::string> corpus_;
  double C_ = 1, near_ = 0, reach_ = 0;
  int folds_ = 5, threads_ = 0;
  std::int64_t small_ = 0;
  bool no_pictures_ = false, json_ = false;
};

}  // namespace

std::unique_ptr<Command> make_audit() { return std::make_unique<AuditCommand>(); }

}  // namespace pool3::jobs
