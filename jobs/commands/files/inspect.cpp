// The inspect job: what is in a file.

#include <fmt/format.h>

#include <cerrno>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "command.hpp"
#include "commands/extract/failure_table.hpp"
#include "console/output.hpp"
#include "pool3/files.hpp"
#include "pool3/network.hpp"
#include "pool3/prediction.hpp"
#include "pool3/store/features.hpp"
#include "pool3/store/index_file.hpp"
#include "pool3/store/map_file.hpp"
#include "pool3/store/model.hpp"

namespace pool3::jobs {
namespace {

using Json = nlohmann::ordered_json;

/// What is in a file: lines for people, and the same for programs.
class Facts {
 public:
  Facts(const std::string& path, const std::string& kind, const std::string& title)
      : text_(fmt::format("{}: {}\n", one_line(path), title)), json_({{"path", path}, {"kind", kind}}) {}

  /// A line, and its field.
  void add(const char* label, const std::string& text, const std::string& key, Json value) {
    line(label, text);
    field(key, std::move(value));
  }
  void add(const char* label, const std::string& text, const std::string& key) { add(label, text, key, text); }
  void line(const char* label, const std::string& text) { text_ += fmt::format("  {:<17}{}\n", label, one_line(text)); }
  void heading(const char* text) { text_ += fmt::format(" {}:\n", text); }
  void field(const std::string& key, Json value) { json_[key] = std::move(value); }

  [[nodiscard]] std::string text() const { return text_; }
  [[nodiscard]] const Json& json() const { return json_; }

 private:
  std::string text_;
  Json json_;
};

void add_provenance(Facts& facts, const Provenance& p, const std::string& prefix = {}) {
  facts.add("made by", fmt::format("pool3 {}", p.version), prefix + "version", p.version);
  facts.add("weights", p.weights_source, prefix + "weights_source");
  facts.add("weights SHA-256", p.weights_sha256, prefix + "weights_sha256");
  facts.add("input profile", p.profile, prefix + "profile");
  facts.add("precision", p.precision, prefix + "precision");
  facts.add("corpus", p.corpus, prefix + "corpus");
  facts.add("labels", p.labels, prefix + "labels");
  facts.add("catalogue hash", p.catalogue_hash, prefix + "catalogue_hash");
}

/// As an object, if it is one.
void add_configuration(Facts& facts, const std::string& config) {
  const Json parsed = Json::parse(config, nullptr, false);
  facts.add("configuration", config, "config", parsed.is_discarded() ? Json(config) : parsed);
}

void add_failures(Facts& facts, const FeatureReader& reader) {
  Json all = Json::array();
  for (const Failure& f : reader.failures())
    all.push_back({{"row", f.row},
                   {"path", f.path},
                   {"stage", stage_of(f.status)},
                   {"code", to_string(f.status)},
                   {"message", f.message}});
  facts.field("failures", std::move(all));
}

Facts facts_of_features(const std::string& path) {
  const FeatureReader reader(path);
  Facts facts(path, "features", "pool3 features");
  facts.add("rows", fmt::format("{} of {} {}", reader.rows(), reader.width(), to_string(reader.type())), "rows",
            reader.rows());
  facts.field("width", reader.width());
  facts.field("type", to_string(reader.type()));
  if (reader.parts() > 1) facts.line("part", fmt::format("{} of {}", reader.part(), reader.parts()));
  facts.field("part", reader.part());
  facts.field("parts", reader.parts());
  std::map<RowStatus, std::int64_t> counts;
  for (const RowStatus status : reader.status()) ++counts[status];
  Json by_name = Json::object();
  for (const auto& [status, count] : counts) {
    facts.line(std::string(to_string(status)).c_str(), fmt::to_string(count));
    by_name[std::string(to_string(status))] = count;
  }
  facts.field("status", by_name);
  facts.add("classes", fmt::to_string(reader.classes().size()), "classes", reader.classes());
  facts.field("root", reader.root());
  add_provenance(facts, reader.provenance());
  add_configuration(facts, reader.provenance().config);
  add_failures(facts, reader);
  return facts;
}

void add_kernel(Facts& facts, const Model& m) {
  const bool rbf = m.kernel == Kernel::rbf;
  facts.field("kernel", rbf ? "rbf" : "linear");
  facts.field("multiclass", m.multiclass == Multiclass::one_vs_one ? "ovo" : "ovr");
  if (!rbf) return;
  const char* pairs = m.multiclass == Multiclass::one_vs_one ? "one-vs-one" : "one-vs-rest";
  facts.add("kernel", fmt::format("RBF, gamma {}, {}", number_text(m.support.gamma), pairs), "gamma", m.support.gamma);
  const auto kept = m.support.labels.size();
  facts.add("support vectors", fmt::format("{}, as {}", kept, m.support.as_halves ? "float16" : "float32"),
            "support_vectors", kept);
}

Facts facts_of_model(const std::string& path) {
  const Model m = read_model(path);
  Facts facts(path, "model", "pool3 model");
  facts.add("classes", fmt::to_string(m.classes.size()), "classes", m.classes);
  facts.add("training rows", fmt::to_string(m.training_rows), "training_rows", m.training_rows);
  facts.add("width", fmt::format("{} features of a row", m.width()), "width", m.width());
  add_kernel(facts, m);
  facts.add(
      "loss",
      fmt::format("{}, C {}, bias {}, class weight {}", m.loss, number_text(m.C), number_text(m.bias), m.class_weight),
      "loss", m.loss);
  facts.field("C", m.C);
  facts.field("bias", m.bias);
  facts.field("class_weight", m.class_weight);
  facts.add("centering", m.centering ? fmt::format("yes, scale {:.6f}", m.center_scale) : "no", "centering",
            m.centering);
  facts.field("center_scale", m.center_scale);
  facts.add("split", fmt::format("{}, seed {}, test fraction {}", m.split, m.seed, number_text(m.test_fraction)),
            "split", m.split);
  facts.field("seed", m.seed);
  facts.field("test_fraction", m.test_fraction);
  facts.add("objective", fixed(m.objective, 6), "objective", m.objective);
  facts.add("relative gap", fmt::format("{} after {} passes", scientific(m.relative_gap), m.epochs), "relative_gap",
            m.relative_gap);
  facts.field("epochs", m.epochs);
  const std::string probabilities = !has_probabilities(m) ? std::string("no")
                                    : m.temperature > 0   ? fmt::format("temperature {}", number_text(m.temperature))
                                                          : std::string("sigmoids");
  facts.add("probabilities", probabilities, "probabilities", has_probabilities(m));
  facts.heading("its features");
  add_provenance(facts, m.features, "features_");
  add_configuration(facts, m.config);
  return facts;
}

Facts facts_of_map(const std::string& path) {
  const CatalogueMap m = read_map(path);
  Facts facts(path, "map", "pool3 map");
  facts.add("rows", fmt::to_string(m.rows.size()), "rows", m.rows.size());
  facts.add("method",
            fmt::format("{}, perplexity {}, {} steps, seed {}", m.method, number_text(m.perplexity), m.steps, m.seed),
            "method", m.method);
  facts.field("perplexity", m.perplexity);
  facts.field("steps", m.steps);
  facts.field("seed", m.seed);
  facts.add("laid out", fmt::format("{} rows; the others among their neighbours", m.laid_out), "laid_out", m.laid_out);
  facts.add("trustworthiness",
            fmt::format("{:.4f}, of two principal components {:.4f}", m.quality.trustworthiness, m.pca.trustworthiness),
            "trustworthiness", m.quality.trustworthiness);
  facts.field("pca_trustworthiness", m.pca.trustworthiness);
  facts.add("neighbours kept",
            fmt::format("{:.4f}, of two principal components {:.4f}", m.quality.neighbours_kept, m.pca.neighbours_kept),
            "neighbours_kept", m.quality.neighbours_kept);
  facts.field("pca_neighbours_kept", m.pca.neighbours_kept);
  facts.field("judged", m.judged);
  facts.heading("its features");
  add_provenance(facts, m.features, "features_");
  add_configuration(facts, m.config);
  return facts;
}

Facts facts_of_index(const std::string& path) {
  const NeighbourIndex i = read_index(path);
  Facts facts(path, "index", "pool3 index");
  facts.add("rows", fmt::to_string(i.sketches.rows()), "rows", i.sketches.rows());
  facts.add("components", fmt::format("{} of {} features", i.basis.components, i.basis.width), "components",
            i.basis.components);
  facts.field("width", i.basis.width);
  facts.heading("its features");
  add_provenance(facts, i.features, "features_");
  add_configuration(facts, i.config);
  return facts;
}

Facts facts_of_weights(const std::string& path) {
  const Weights w = read_weights(path);
  std::int64_t parameters = 0;
  for (const auto& [name, tensor] : w.tensors) parameters += static_cast<std::int64_t>(tensor.values.size());
  const bool own_network = !w.torchscript.empty();
  Facts facts(path, own_network ? "torchscript" : "weights",
              own_network ? "TorchScript network" : "Inception-v3 weights");
  facts.add("source", w.source, "source");
  facts.add("SHA-256", w.sha256, "sha256");
  if (own_network) {
    facts.add("input profile", "not known; give --profile", "profile", nullptr);
    return facts;
  }
  facts.add("tensors", fmt::format("{}, {} parameters", w.tensors.size(), parameters), "tensors", w.tensors.size());
  facts.field("parameters", parameters);
  facts.add("input profile", std::string(to_string(w.traits.profile)), "profile");
  const bool counts = w.traits.average_pool_counts_padding;
  facts.add("average pools", counts ? "count padding" : "leave padding out", "average_pool_counts_padding", counts);
  facts.add("last pool branch", w.traits.max_pool_in_7c ? "max" : "average", "last_pool_branch");
  facts.add("int8", w.codes.empty() ? "not calibrated" : "calibrated", "calibrated", !w.codes.empty());
  return facts;
}

Facts facts_of(const std::string& path) {
  if (!file_exists(path)) throw file_error({"inspect", path}, ENOENT);
  const std::string kind = kind_of_file(path);
  if (kind == "features") return facts_of_features(path);
  if (kind == "map") return facts_of_map(path);
  if (kind == "index") return facts_of_index(path);
  return kind == "model" ? facts_of_model(path) : facts_of_weights(path);
}

class InspectCommand : public Command {
 public:
  void declare(OptionParser& p) override {
    p.take_arguments("FILE", files_, "features, model, map or weights");
    p.add_switch("json", json_, "one JSON line for each file", Changes::nothing);
    p.add_switch("failures", failures_, "the failed rows of feature files, as in FILE.failures.tsv", Changes::nothing);
  }
  void check() const override {
    if (json_ && failures_) throw usage_error("--json has the failed rows, too", "leave --failures out");
  }
  ExitCode run(const Context& context) override {
    context.comm.root_does([&] {
      for (const auto& file : files_) print(file);
    });
    return ExitCode::ok;
  }

 private:
  void print(const std::string& file) const {
    if (failures_) return print_text(failures_text(FeatureReader(file).failures()));
    const Facts facts = facts_of(file);
    if (json_) return print_json(facts.json());
    print_text(facts.text());
  }

  std::vector<std::string> files_;
  bool json_ = false, failures_ = false;
};

}  // namespace

std::unique_ptr<Command> make_inspect() { return std::make_unique<InspectCommand>(); }

}  // namespace pool3::jobs
