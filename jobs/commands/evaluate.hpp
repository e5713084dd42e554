#pragma once
// The evaluate job: a model on the held-out rows.

#include "command.hpp"

namespace pool3::jobs {

/// Prints the report and writes it as JSON. Collective.
void evaluate(const Context& context, const std::string& features, const std::string& model, const std::string& out);

}  // namespace pool3::jobs
