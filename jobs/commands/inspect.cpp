// The inspect job: what is in a file.

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <map>

#include "command.hpp"
#include "pool3/features.hpp"
#include "pool3/model.hpp"
#include "pool3/network.hpp"

namespace pool3::jobs {
namespace {

void row(const char* name, const std::string& value) { fmt::print("  {:<17}{}\n", name, one_line(value)); }

void print_provenance(const Provenance& p) {
  row("made by", fmt::format("pool3 {}", p.version));
  row("weights", p.weights_source);
  row("weights SHA-256", p.weights_sha256);
  row("input profile", p.profile);
  row("precision", p.precision);
  row("corpus", p.corpus);
  row("labels", p.labels);
  row("catalogue hash", p.catalogue_hash);
}

void print_features(const std::string& path) {
  const FeatureReader reader(path);
  fmt::print("{}: pool3 features\n", path);
  row("rows", fmt::format("{} of {} {}", reader.rows(), reader.width(), to_string(reader.type())));
  std::map<RowStatus, std::int64_t> counts;
  for (const RowStatus status : reader.status()) ++counts[status];
  for (const auto& [status, count] : counts) row(std::string(to_string(status)).c_str(), fmt::to_string(count));
  row("classes", fmt::to_string(reader.classes().size()));
  print_provenance(reader.provenance());
  row("configuration", reader.provenance().config);
}

void print_model(const std::string& path) {
  const Model m = read_model(path);
  fmt::print("{}: pool3 model\n", path);
  row("classes", fmt::to_string(m.classes.size()));
  row("training rows", fmt::to_string(m.training_rows));
  row("width", fmt::format("{} features of a row", m.width()));
  row("loss",
      fmt::format("{}, C {}, bias {}, class weight {}", m.loss, number_text(m.C), number_text(m.bias), m.class_weight));
  row("centering", m.centering ? fmt::format("yes, scale {:.6f}", m.center_scale) : "no");
  row("split", fmt::format("{}, seed {}, test fraction {}", m.split, m.seed, number_text(m.test_fraction)));
  row("objective", fixed(m.objective, 6));
  row("relative gap", fmt::format("{} after {} passes", scientific(m.relative_gap), m.epochs));
  row("probabilities", m.sigmoid_a.empty() ? "no" : "yes");
  fmt::print(" its features:\n");
  print_provenance(m.features);
  row("configuration", m.config);
}

void print_weights(const std::string& path) {
  const Weights w = read_weights(path);
  std::int64_t parameters = 0;
  for (const auto& [name, tensor] : w.tensors) parameters += static_cast<std::int64_t>(tensor.values.size());
  const bool own_network = !w.torchscript.empty();
  fmt::print("{}: {}\n", path, own_network ? "TorchScript network" : "Inception-v3 weights");
  row("source", w.source);
  row("SHA-256", w.sha256);
  if (own_network) return row("input profile", "not known; give --profile");
  row("tensors", fmt::format("{}, {} parameters", w.tensors.size(), parameters));
  row("input profile", std::string(to_string(w.traits.profile)));
  row("average pools", w.traits.average_pool_counts_padding ? "count padding" : "leave padding out");
  row("last pool branch", w.traits.max_pool_in_7c ? "max" : "average");
  row("int8", w.codes.empty() ? "not calibrated" : "calibrated");
}

class InspectCommand : public Command {
 public:
  void declare(OptionParser& p) override { p.take_arguments("FILE", files_, "features, model or weights"); }
  ExitCode run(const Context& context) override {
    context.comm.root_does([&] {
      for (const auto& file : files_) {
        const std::string kind = kind_of_file(file);
        if (kind == "features") {
          print_features(file);
        } else if (kind == "model") {
          print_model(file);
        } else {
          print_weights(file);
        }
      }
      std::fflush(stdout);
    });
    return ExitCode::ok;
  }

 private:
  std::vector<std::string> files_;
};

}  // namespace

std::unique_ptr<Command> make_inspect() { return std::make_unique<InspectCommand>(); }

}  // namespace pool3::jobs
