#pragma once
// CIE L*a*b* of TIFF files to RGB. Private to the room.

#include <cstdint>

namespace pool3::image {

// A sample of 16 or 8 bits as lab_to_rgb() takes it. `sample`: 0 for L*, 1 and 2 for a* and b*, which a file of
// PHOTOMETRIC_CIELAB has signed, and one of PHOTOMETRIC_ICCLAB with an offset.
[[nodiscard]] std::uint16_t wide_lab(std::uint16_t value, int sample, int photometric);
[[nodiscard]] std::uint16_t wide_lab_of_byte(std::uint8_t value, int sample, int photometric);

/// `width` pixels of three numbers: L* from 0 to 65535 for 0 to 100, a* and b* in steps of 1/256 from -128. Against a
/// D50 white, as TIFF and ICC have it; white is 255, 255, 255. What sRGB does not have is cut off.
void lab_to_rgb(const std::uint16_t* lab, std::int64_t width, std::uint8_t* rgb);

}  // namespace pool3::image
