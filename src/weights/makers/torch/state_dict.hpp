#pragma once
// The tensors of a torch state_dict, as its pickle describes them.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "weights/containers/pickle.hpp"
#include "weights/floats.hpp"
#include "weights/layer_rules.hpp"

namespace pool3::weights {

/// Storages of a file by key: their bytes. Throws FormatError if there is none of that name.
using ReadStorage = std::function<std::string_view(const std::string& key)>;

/// The tensors of a dict in a pickle. Borrows the pickle.
class StateDict {
 public:
  /// Throws FormatError if the pickle's result is not a dict.
  explicit StateDict(const Pickle& pickle);
  [[nodiscard]] bool contains(const std::string& name) const { return tensors_.contains(name); }
  /// Tensor `name`, which must have `shape`, gathered as its strides say; nothing if there is none. Throws FormatError
  /// if it leaves its storage.
  [[nodiscard]] std::optional<Tensor> read(const std::string& name, const Shape& shape, const ReadStorage& read) const;

 private:
  const Pickle& pickle_;
  std::map<std::string, Pickle::Place, std::less<>> tensors_;
};

/// A storage as a persistent id describes it.
struct StorageId {
  std::string key;
  std::optional<FloatType> type;  ///< nothing: whole numbers
  std::uint64_t elements = 0;
  [[nodiscard]] std::uint64_t element_bytes() const { return type ? bytes_of(*type) : 8; }
};

/// Throws FormatError.
[[nodiscard]] StorageId storage_id(const Pickle& pickle, const PickleValue& storage);

}  // namespace pool3::weights
