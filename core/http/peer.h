#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace foldlog::http {

/// Who connects: its address as text, and what it is counted under.
struct peer {
  using network = std::array<unsigned char, 16>;
  struct hash {
    std::size_t operator()(const network& of) const {
      return std::hash<std::string_view>()({reinterpret_cast<const char*>(of.data()), of.size()});
    }
  };

  std::string address;
  network counted_as{};

  /// An IPv4 address counts by itself; of an IPv6 address its first 64 bits do, since one client has all the others.
  [[nodiscard]] static peer of(const boost::asio::ip::address& from) {
    namespace ip = boost::asio::ip;
    const bool mapped = from.is_v6() && from.to_v6().is_v4_mapped();
    const auto plain = mapped ? ip::address(ip::make_address_v4(ip::v4_mapped, from.to_v6())) : from;
    peer made{.address = plain.to_string()};
    if (plain.is_v4()) {
      made.counted_as = ip::make_address_v6(ip::v4_mapped, plain.to_v4()).to_bytes();
    } else {
      made.counted_as = plain.to_v6().to_bytes();
      std::fill(made.counted_as.begin() + 8, made.counted_as.end(), 0);
    }
    return made;
  }
};

}  // namespace foldlog::http
