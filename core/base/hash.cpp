#include "core/base/hash.h"

#include <openssl/evp.h>

#include <array>
#include <cstring>

namespace foldlog {

std::uint32_t murmur2(std::string_view bytes) {
  constexpr std::uint32_t seed = 0x9747b28c;
  constexpr std::uint32_t m = 0x5bd1e995;
  constexpr int r = 24;
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[i])); };
  std::uint32_t h = seed ^ static_cast<std::uint32_t>(bytes.size());
  std::size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) {
    std::uint32_t k = byte(i) | byte(i + 1) << 8 | byte(i + 2) << 16 | byte(i + 3) << 24;
    k *= m;
    k ^= k >> r;
    k *= m;
    h *= m;
    h ^= k;
  }
  const std::size_t rest = bytes.size() - i;
  if (rest == 3) h ^= byte(i + 2) << 16;
  if (rest >= 2) h ^= byte(i + 1) << 8;
  if (rest >= 1) {
    h ^= byte(i);
    h *= m;
  }
  h ^= h >> 13;
  h *= m;
  h ^= h >> 15;
  return h;
}

std::int32_t partition_of(std::string_view id, std::int32_t partitions) {
  return static_cast<std::int32_t>((murmur2(id) & 0x7fffffffU) % static_cast<std::uint32_t>(partitions));
}

struct sha256::state {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  EVP_MD* algorithm =
      EVP_MD_fetch(nullptr, "SHA256", nullptr);  // fetched once: an implicit fetch costs more than the hash
  std::array<unsigned char, 32> digest{};

  void start() { EVP_DigestInit_ex2(context, algorithm, nullptr); }
  void finish() {
    unsigned int size = 0;
    EVP_DigestFinal_ex(context, digest.data(), &size);
    start();
  }
};

sha256::sha256() : state_(std::make_unique<state>()) { state_->start(); }

sha256::~sha256() {
  EVP_MD_CTX_free(state_->context);
  EVP_MD_free(state_->algorithm);
}

void sha256::update(std::string_view bytes) { EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()); }

std::string sha256::finish() {
  state_->finish();
  std::string text;
  text.reserve(64);
  for (const unsigned char byte : state_->digest) text += hex(byte, 2);
  return text;
}

std::uint64_t sha256::finish_prefix() {
  state_->finish();
  std::uint64_t prefix = 0;
  for (int i = 0; i < 8; ++i) prefix = prefix << 8 | state_->digest[static_cast<std::size_t>(i)];
  return prefix;
}

std::string hex(std::uint64_t number, int digits) {
  std::string text(static_cast<std::size_t>(digits), '0');
  for (int i = digits - 1; i >= 0; --i, number >>= 4)
    text[static_cast<std::size_t>(i)] = "0123456789abcdef"[number & 15U];
  return text;
}

}  // namespace foldlog
