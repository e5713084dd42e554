#pragma once
// The files of a TensorFlow.js folder, plain or wrapped as UMD modules.

#include <optional>
#include <string>
#include <string_view>

namespace pool3 {

/// Path of the folder's model file, "model.json" or "model.min.js"; nothing if it has neither.
[[nodiscard]] std::optional<std::string> tfjs_model_path(const std::string& folder);

/// JSON text of the model file: the file itself, or the object that its UMD module exports. Throws Error.
[[nodiscard]] std::string read_tfjs_model(const std::string& path);

/// Bytes of the shard that the manifest calls `name`: of the file NAME, or of the base64 string that the UMD module
/// NAME.min.js exports. A name that leads out of the folder is refused. Throws Error.
[[nodiscard]] std::string read_tfjs_shard(const std::string& folder, const std::string& name);

/// "NAME VERSION" by a package.json in `folder`, or by that of the npm package whose dist/models/MODEL is `folder`;
/// else the folder's name.
[[nodiscard]] std::string tfjs_source(const std::string& folder);

}  // namespace pool3
