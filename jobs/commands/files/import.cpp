// The import job: a table of another program -> feature file.

#include "pool3/exchange/import.hpp"

#include <fmt/format.h>

#include "command.hpp"
#include "version.hpp"

namespace pool3::jobs {
namespace {

constexpr const char* stage = "import";

class ImportCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.add_required("features", features_,
                   "FILE[:DATASET], a row a line: .npy, .npz, HDF5, CSV or LIBSVM's text, the texts and .npy also "
                   "compressed",
                   Changes::content);
    p.add(
        "labels", labels_,
        "FILE[:DATASET] or FILE:COLUMN, one text or number for each row, or none. If not given: those that come along "
        "(of LIBSVM's text, a column of a CSV, a dataset y, labels or target beside the features)",
        std::string(), Changes::content);
    p.add(
        "paths", paths_,
        "the same for the paths of pictures, from that file's folder on: pages then show them. If not given: a column "
        "of a CSV or a dataset that is called so",
        std::string(), Changes::content);
    p.add("label-column", label_column_, "of a CSV: name or number, from 1, of the column of labels, or none",
          std::string(), Changes::content);
    p.add_required("out", options_.out, "feature file to make", Changes::file);
    p.reads("features", ReadPath::Form::dataset);
    p.reads("labels", ReadPath::Form::dataset);
    p.reads("paths", ReadPath::Form::dataset);
    p.writes("out", {".partial", ".partial.*", ".lock"});
    p.add("dtype", dtype_, "float32 or float16", std::string("float32"));
    p.add_switch("overwrite", options_.overwrite, "replace a finished file of other rows", Changes::file);
  }
  ExitCode run(const Context& context) override {
    context.comm.all_do([&] {
      if (dtype_ != "float32" && dtype_ != "float16") throw usage_error("--dtype must be float32 or float16");
    });
    options_.features = parse_table_name(features_);
    options_.labels = parse_table_name(labels_);
    options_.paths = parse_table_name(paths_);
    options_.label_column = labels_.empty() ? label_column_ : "none";
    if (!label_column_.empty() && !labels_.empty())
      context.comm.all_do([] { throw usage_error("give --labels or --label-column, not both"); });
    options_.type = dtype_ == "float16" ? FeatureType::float16 : FeatureType::float32;
    options_.version = version;
    options_.config = context.config;
    const ImportReport report = import_features(context.comm, options_);
    if (!report.note.empty()) context.log.line(stage, fmt::format("{}: {}", options_.features.text(), report.note));
    context.log.line(
        stage, fmt::format("{}: {} rows of {} features, {} classes{}{}", options_.out, report.rows, report.width,
                           report.classes, without_label(report), report.has_paths ? ", with paths of pictures" : ""));
    warn_of_many_classes(context, report);
    return ExitCode::ok;
  }

 private:
  /// Numbers to be predicted, names of rows, or the wrong column look so.
  static void warn_of_many_classes(const Context& context, const ImportReport& report) {
    constexpr std::int64_t few_rows = 20;
    const std::int64_t labelled = report.rows - report.without_label;
    if (labelled < few_rows || 2 * report.classes <= labelled) return;
    context.log.line(stage, fmt::format("warning: {} classes in {} rows, so most have a single row: if these are no "
                                        "labels, --labels or --label-column say where they are",
                                        report.classes, labelled));
  }

  static std::string without_label(const ImportReport& report) {
    if (report.classes == 0) return "; none has a label (--labels or --label-column give them)";
    return report.without_label == 0 ? "" : fmt::format("; {} rows without a label", report.without_label);
  }

  std::string features_, labels_, paths_, label_column_, dtype_;
  ImportOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_import() { return std::make_unique<ImportCommand>(); }

}  // namespace pool3::jobs
