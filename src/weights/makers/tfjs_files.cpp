#include "weights/makers/tfjs_files.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "weights/files.hpp"
#include "weights/makers/base64.hpp"
#include "weights/makers/js_literal.hpp"
#include "weights/weights_error.hpp"

namespace pool3 {
namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

/// The text after the first ".exports=" that is followed by one of `openings`.
std::string_view exported(std::string_view text, std::string_view openings, const std::string& path) {
  static constexpr std::string_view marker = ".exports=";
  for (std::size_t at = text.find(marker); at != std::string_view::npos; at = text.find(marker, at + 1)) {
    const std::string_view rest = text.substr(at + marker.size());
    if (!rest.empty() && openings.find(rest.front()) != std::string_view::npos) return rest;
  }
  throw weights_error(path, "not a module that exports a model or weights");
}

std::string unwrap_shard(const std::string& text, const std::string& path) {
  const std::string_view literal = exported(text, "\"'", path);
  const std::size_t end = literal.find(literal.front(), 1);
  if (end == std::string_view::npos) throw weights_error(path, "truncated");
  std::optional<std::string> bytes = decode_base64(literal.substr(1, end - 1));
  if (!bytes) throw weights_error(path, "bad base64");
  return *std::move(bytes);
}

}  // namespace

std::optional<std::string> tfjs_model_path(const std::string& folder) {
  for (const char* name : {"model.json", "model.min.js"}) {
    const fs::path path = fs::path(folder) / name;
    if (is_file(path)) return path.string();
  }
  return std::nullopt;
}

std::string read_tfjs_model(const std::string& path) {
  std::string text = read_whole_file(path);
  if (path.ends_with(".json")) return text;
  try {
    return js_literal_to_json(exported(text, "{", path));
  } catch (const JsLiteralError& error) {
    throw weights_error(path, std::string("malformed model: ") + error.what());
  }
}

std::string read_tfjs_shard(const std::string& folder, const std::string& name) {
  if (name.empty() || name == "." || name == ".." ||
      name.find_first_of(std::string_view("/\\\0", 3)) != std::string::npos) {
    throw weights_error(folder, "the manifest names a shard outside the folder");
  }
  const fs::path plain = fs::path(folder) / name;
  if (is_file(plain)) return read_whole_file(plain.string());
  const std::string module_path = plain.string() + ".min.js";
  return unwrap_shard(read_whole_file(module_path), module_path);
}

std::string tfjs_source(const std::string& folder) {
  const fs::path absolute = fs::weakly_canonical(fs::path(folder) / ".");
  std::vector<fs::path> packages = {absolute / "package.json"};
  if (absolute.parent_path().filename() == "models") packages.push_back(absolute / "../../../package.json");
  for (const fs::path& package : packages) {
    if (!is_file(package)) continue;
    const auto json = nlohmann::json::parse(read_whole_file(package.string()), nullptr, false);
    if (json.is_object() && json.contains("name") && json["name"].is_string() && json.contains("version") &&
        json["version"].is_string()) {
      return json["name"].get<std::string>() + " " + json["version"].get<std::string>();
    }
  }
  return absolute.filename().string();
}

}  // namespace pool3
