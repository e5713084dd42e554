// The registry. A new command is one file in this folder, which defines its make function, and one line here.

#include "command.hpp"

// In the order of the help. Macros, so that one line both declares the function and names it in the list.
#define POOL3_COMMANDS(X)                                                                                              \
  X("run", make_run, "Does the whole job: extract, search, train, evaluate, report.")                                  \
  X("extract", make_extract, "Turns a catalogue of images into a feature file.")                                       \
  X("import", make_import, "Turns a table of numbers of another program into a feature file.")                         \
  X("train", make_train, "Trains an SVM, linear or RBF, on the training rows of a feature file.")                      \
  X("search", make_search, "Finds the best C and kernel by cross-validation on the training rows.")                    \
  X("evaluate", make_evaluate, "Measures a model on the held-out rows.")                                               \
  X("baseline", make_baseline, "Measures simpler classifiers on the same rows and split, beside the model.")           \
  X("report", make_report, "Makes one page to look at: errors, classes, pictures, search, confidence.")                \
  X("predict", make_predict, "Classifies images, one JSON line each.")                                                 \
  X("neighbours", make_neighbours, "Finds the pictures of a catalogue that are most like others, one JSON line each.") \
  X("serve", make_serve, "Shows what pictures are, and which are like them, on a page and over HTTP.")                 \
  X("map", make_map_command, "Lays the pictures of a feature file out in a plane: t-SNE.")                             \
  X("audit", make_audit, "Lists what is wrong in a catalogue: labels, copies, outliers, classes.")                     \
  X("verify", make_verify, "Checks every checksum of feature files, links, models, maps and indices.")                 \
  X("status", make_status, "Says how far a feature file is, also while a job makes it.")                               \
  X("diff", make_diff, "Says how two feature files differ: rows, labels, and the features of the same pictures.")      \
  X("publish", make_publish, "Verifies a feature file, and points a symbolic link to it.")                             \
  X("link", make_link, "Makes one feature file over the parts that extract --part has made.")                          \
  X("repack", make_repack, "Writes a chunked, compressed copy of a feature file for other programs.")                  \
  X("inspect", make_inspect, "Says what is in a file of features, a model, a map, an index or weights.")               \
  X("inspect-image", make_inspect_image, "Shows what the network's layers make of one picture.")                       \
  X("convert", make_convert, "Turns a weights file of any known kind into pool3's own.")                               \
  X("export", make_export, "Writes a model for LIBLINEAR, LIBSVM, NumPy, ONNX or TorchScript.")                        \
  X("bench", make_bench, "Measures what messages between ranks cost.")

namespace pool3::jobs {

#define POOL3_DECLARE(name, make, summary) std::unique_ptr<Command> make();
POOL3_COMMANDS(POOL3_DECLARE)
#undef POOL3_DECLARE

const std::vector<CommandEntry>& commands() {
#define POOL3_ENTRY(name, make, summary) {name, summary, make},
  static const std::vector<CommandEntry> all = {POOL3_COMMANDS(POOL3_ENTRY)};
#undef POOL3_ENTRY
  return all;
}

}  // namespace pool3::jobs
