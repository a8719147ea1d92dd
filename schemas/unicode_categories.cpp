#include "schemas/unicode_categories.h"

#include <algorithm>
#include <array>
#include <utility>

namespace foldlog {

std::string_view short_category_name(std::string_view name) {
  // ECMA-262, "Value aliases and canonical values for the Unicode property General_Category"; Cased_Letter is none of
  // RE2's.
  constexpr std::array<std::pair<std::string_view, std::string_view>, 40> names{{{"Close_Punctuation", "Pe"},
                                                                                 {"Connector_Punctuation", "Pc"},
                                                                                 {"Control", "Cc"},
                                                                                 {"cntrl", "Cc"},
                                                                                 {"Currency_Symbol", "Sc"},
                                                                                 {"Dash_Punctuation", "Pd"},
                                                                                 {"Decimal_Number", "Nd"},
                                                                                 {"digit", "Nd"},
                                                                                 {"Enclosing_Mark", "Me"},
                                                                                 {"Final_Punctuation", "Pf"},
                                                                                 {"Format", "Cf"},
                                                                                 {"Initial_Punctuation", "Pi"},
                                                                                 {"Letter", "L"},
                                                                                 {"Letter_Number", "Nl"},
                                                                                 {"Line_Separator", "Zl"},
                                                                                 {"Lowercase_Letter", "Ll"},
                                                                                 {"Mark", "M"},
                                                                                 {"Combining_Mark", "M"},
                                                                                 {"Math_Symbol", "Sm"},
                                                                                 {"Modifier_Letter", "Lm"},
                                                                                 {"Modifier_Symbol", "Sk"},
                                                                                 {"Nonspacing_Mark", "Mn"},
                                                                                 {"Number", "N"},
                                                                                 {"Open_Punctuation", "Ps"},
                                                                                 {"Other", "C"},
                                                                                 {"Other_Letter", "Lo"},
                                                                                 {"Other_Number", "No"},
                                                                                 {"Other_Punctuation", "Po"},
                                                                                 {"Other_Symbol", "So"},
                                                                                 {"Paragraph_Separator", "Zp"},
                                                                                 {"Private_Use", "Co"},
                                                                                 {"Punctuation", "P"},
                                                                                 {"punct", "P"},
                                                                                 {"Separator", "Z"},
                                                                                 {"Space_Separator", "Zs"},
                                                                                 {"Spacing_Mark", "Mc"},
                                                                                 {"Surrogate", "Cs"},
                                                                                 {"Symbol", "S"},
                                                                                 {"Titlecase_Letter", "Lt"},
                                                                                 {"Uppercase_Letter", "Lu"}}};
  const auto* const found = std::ranges::find(names, name, &std::pair<std::string_view, std::string_view>::first);
  return found == names.end() ? name : found->second;
}

}  // namespace foldlog
