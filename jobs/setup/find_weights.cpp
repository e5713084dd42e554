#include "setup/find_weights.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "pool3/error.hpp"
#include "pool3/exchange/import.hpp"
#include "pool3/files.hpp"

namespace pool3::jobs {

namespace fs = std::filesystem;

std::string find_weights(const std::string& given) {
  constexpr const char* name = "inception_v3.safetensors";
  constexpr const char* advice = "scripts/setup weights fetches the default weights";
  std::error_code ignored;
  if (!given.empty()) {
    if (fs::exists(given, ignored)) return given;
    throw Error({.stage = "read weights", .path = given, .cause = "there is no such file", .advice = advice});
  }
  const char* from_environment = std::getenv("POOL3_WEIGHTS");
  if (from_environment != nullptr && *from_environment != '\0') return find_weights(from_environment);
  std::vector<fs::path> places;
  places.push_back(fs::path("weights") / name);
  const fs::path program = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  places.push_back(program / "../../weights" / name);
  places.push_back(program / "../share/pool3" / name);
  for (const auto& place : places)
    if (fs::exists(place, ignored)) return place.lexically_normal().string();
  std::vector<std::string> looked = {"$POOL3_WEIGHTS (not set)"};
  for (const auto& place : places) looked.push_back(fs::absolute(place, ignored).lexically_normal().string());
  throw Error({.stage = "read weights",
               .cause = fmt::format("no weights found; looked in {}", fmt::join(looked, ", ")),
               .advice = fmt::format("give --weights; {}", advice)});
}

namespace {

/// `what` these features are of, in words: "the model was trained on".
Weights weights_like(const Provenance& features, const Place& place, const std::string& given, const std::string& what,
                     const std::string& advice) {
  if (features.weights_sha256 == imported)
    throw error_at(place, what + " imported features, which no weights of pool3 make from pictures", advice);
  Weights weights = read_weights(find_weights(given));
  if (weights.sha256 != features.weights_sha256)
    throw error_at(place,
                   fmt::format("{} features of other weights (SHA-256 {:.12}..., these are {:.12}...)", what,
                               features.weights_sha256, weights.sha256),
                   "give those with --weights");
  weights.traits.profile = parse_input_profile(parse_preprocessing(features.profile).profile);
  return weights;
}

}  // namespace

Weights weights_of_model(const Model& model, const std::string& model_path, const std::string& given,
                         const std::string& stage) {
  return weights_like(model.features, {stage, model_path}, given, "the model was trained on",
                      "import the features of other rows, and give them with --features");
}

Weights weights_of_features(const Provenance& features, const std::string& features_path, const std::string& given,
                            const std::string& stage) {
  return weights_like(features, {stage, features_path}, given, "the file has", "ask for rows of the file by number");
}

}  // namespace pool3::jobs
