#pragma once
// TensorProto: the constants of a GraphDef.

#include <string>
#include <string_view>

#include "weights/layer_rules.hpp"

namespace pool3::weights {

/// The TensorProto inside an AttrValue. Throws FormatError.
[[nodiscard]] std::string_view attribute_tensor(std::string_view attribute);

/// The tensor of a TensorProto, which must have `shape`: whatever else it claims, no more memory is taken. Throws
/// FormatError, with `name` in its cause.
[[nodiscard]] Tensor read_tensor_proto(std::string_view message, const Shape& shape, const std::string& name);

}  // namespace pool3::weights
