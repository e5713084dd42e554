// The inspect job: what is in a file.

#include <array>
#include <cstdio>
#include <map>

#include "command.hpp"
#include "pool3/features.hpp"
#include "pool3/model.hpp"
#include "pool3/network.hpp"

namespace pool3::jobs {
namespace {

void row(const char* name, const std::string& value) { std::printf("  %-17s%s\n", name, one_line(value).c_str()); }

void print_provenance(const Provenance& p) {
  row("made by", "pool3 " + p.version);
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
  std::printf("%s: pool3 features\n", path.c_str());
  row("rows", std::to_string(reader.rows()) + " of " + std::to_string(feature_dim) + " float32");
  std::map<RowStatus, std::int64_t> counts;
  for (const RowStatus status : reader.status()) ++counts[status];
  for (const auto& [status, count] : counts) row(std::string(to_string(status)).c_str(), std::to_string(count));
  row("classes", std::to_string(reader.classes().size()));
  print_provenance(reader.provenance());
  row("configuration", reader.provenance().config);
}

void print_model(const std::string& path) {
  const Model m = read_model(path);
  std::printf("%s: pool3 model\n", path.c_str());
  row("classes", std::to_string(m.classes.size()));
  row("training rows", std::to_string(m.training_rows));
  row("loss",
      m.loss + ", C " + number_text(m.C) + ", bias " + number_text(m.bias) + ", class weight " + m.class_weight);
  row("centering", m.centering ? "yes, scale " + fixed(m.center_scale, 6) : "no");
  row("split", "seed " + std::to_string(m.seed) + ", test fraction " + number_text(m.test_fraction));
  row("objective", fixed(m.objective, 6));
  row("relative gap", scientific(m.relative_gap) + " after " + std::to_string(m.epochs) + " passes");
  row("probabilities", m.sigmoid_a.empty() ? "no" : "yes");
  std::puts(" its features:");
  print_provenance(m.features);
  row("configuration", m.config);
}

void print_weights(const std::string& path) {
  const Weights w = read_weights(path);
  std::int64_t parameters = 0;
  for (const auto& [name, tensor] : w.tensors) parameters += static_cast<std::int64_t>(tensor.values.size());
  const bool own_network = !w.torchscript.empty();
  std::printf("%s: %s\n", path.c_str(), own_network ? "TorchScript network" : "Inception-v3 weights");
  row("source", w.source);
  row("SHA-256", w.sha256);
  if (own_network) return row("input profile", "not told; give --profile");
  row("tensors", std::to_string(w.tensors.size()) + ", " + std::to_string(parameters) + " parameters");
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
