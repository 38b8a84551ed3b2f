/*
 * words.c
 *		The words of pictures and reports in Chinese.
 *
 * A text is known by what it is in English; one that is not here stays English.  Texts with
 * places take their arguments in the order of the English one: %2$s where it differs.
 */
#include "pictures/words.h"

#include <math.h>

#include "mb/pg_wchar.h"
#include "pictures/number.h"
#include "pictures/text.h"
#include "utils/builtins.h"

PG_FUNCTION_INFO_V1(ct_picture_word);
PG_FUNCTION_INFO_V1(ct_picture_number);
PG_FUNCTION_INFO_V1(ct_picture_percent);
PG_FUNCTION_INFO_V1(ct_xml_text);

static const struct
{
	const char *english;
	const char *chinese;
}			words[] = {

	/* the pictures themselves */
	{"Customers and their value, by tier", "各等级的客户与价值"},
	{"How concentrated the value is", "价值集中度"},
	{"Who makes the profit, and who eats it", "谁创造利润，谁消耗利润"},
	{"Who moved", "等级变动"},
	{"Customers by their scores", "按得分分布的客户"},
	{"Customers on two axes", "客户的二维分布"},
	{"Tiers over time", "等级随时间的变化"},
	{"Who stayed, by when they came", "同期群留存"},
	{"How far they come", "转化漏斗"},
	{"Comparison", "比较"},
	{"customers", "客户"},
	{"value", "价值"},
	{"share of the value", "价值占比"},
	{"customers, the best first", "客户（从最好的开始）"},
	{"customers, the most profitable first", "客户（从利润最高的开始）"},
	{"cumulative profit, 100% is all of it", "累计利润（100% 为全部利润）"},
	{"if all were equal", "人人均等时"},
	{"of the customers bring %s of the value", "的客户贡献 %s 的价值"},
	{"of the value comes from the best 20%", "的价值来自最好的 20% 客户"},
	{"%s of the customers bring %s of the value.", "%s 的客户贡献 %s 的价值。"},
	{"Gini coefficient: 0 if all bring the same, 1 if one brings all", "基尼系数：0 为人人相同，1 为一人独占"},
	{" The Gini coefficient is %s.", "基尼系数为 %s。"},
	{"peak: %s of the profit, from %s of the customers", "峰值：%2$s 的客户创造 %1$s 的利润"},
	{"the others lose %s of it again", "其余客户又损失其中的 %s"},
	{"%s: %s of the customers, %s of the value. ", "%s：客户占 %s，价值占 %s。"},
	{"%s: %s. ", "%s：%s。"},
	{"%s go on", "%s 进入下一步"},
	{"before", "之前"},
	{"after", "之后"},
	{"new", "新增"},
	{"left", "离开"},
	{"rose", "上升"},
	{"fell", "下降"},
	{"stayed", "不变"},
	{"stayed (not drawn)", "不变（未画出）"},
	{"%s rose, %s fell, %s came, %s left, %s stayed.", "上升 %s，下降 %s，新增 %s，离开 %s，不变 %s。"},
	{"score", "得分"},
	{"customers; below, the mean value, which gives the shade", "客户数，下为人均价值（决定深浅）"},
	{"part that is still there, in %, by periods since", "留存比例（%），按经过的期数"},
	{"part of the customers", "客户占比"},
	{"both axes are logarithmic", "两轴均为对数刻度"},
	{"the horizontal axis is logarithmic", "横轴为对数刻度"},
	{"the vertical axis is logarithmic", "纵轴为对数刻度"},
	{"the bars do not begin at zero", "条形不从零开始"},
	{"There are no customers yet.", "尚无客户。"},
	{"There are no lines yet.", "尚无分界线。"},
	{"There is nothing to show yet.", "尚无数据。"},
	{"There is no profit, and so no whale curve.", "没有利润，因此没有鲸鱼曲线。"},
	{"No customer has a value above zero.", "没有价值大于零的客户。"},
	{"Nobody moved.", "没有人变动。"},
	/* pictures of a scheme, and what is to be read in them */
	{"%s, the highest tier, is %s of the customers and brings %s of the value: a customer %s times the average.",
	"最高等级 %s 占客户的 %s，贡献 %s 的价值，人均为全体平均的 %s 倍。"},
	{"What a customer brings, by tier", "各等级的人均价值"},
	{"A customer of %s brings %s on average, one of %s %s.", "%s 的客户人均贡献 %s，%s 的客户人均贡献 %s。"},
	{"Of %s customers %s are in the highest tier, %s.", "在 %s 位客户中，%s 位属于最高等级 %s。"},
	{"all customers", "全部客户"},
	{"%s or higher", "%s及以上"},
	{"How far up the customers are", "客户的等级阶梯"},
	{"%s customers rose, %s fell, %s are new and %s left.", "%s 位客户上升，%s 位下降，新增 %s 位，离开 %s 位。"},
	{"There were %s customers on %s and %s on %s.", "客户数从 %s（%s）变为 %s（%s）。"},
	{"The value went from %s to %s; between them, what each tier brings more or less, whoever is in it.",
	"价值从 %s 变为 %s；其间为各等级（按当时的成员）贡献的增减。"},
	{"Where the value changed", "价值变化的来源"},
	{"Of those who came to %s, %s were in it one refresh later.", "进入 %s 的客户中，%s 在下一次刷新时仍在其中。"},
	{"Who came to %s, and stayed", "进入 %s 的客户及其留存"},
	{"part that is in it, in %, by refreshes since", "仍在其中的比例（%），按之后的刷新次数"},
	{"The best 1%% of the customers bring %s of the value, the best 10%% %s, the best 20%% %s.",
	"最好的 1%% 客户贡献 %s 的价值，最好的 10%% 贡献 %s，最好的 20%% 贡献 %s。"},
	{"%s of the customers bring %s of the profit; the others cost what is above 100%%.",
	"%s 的客户创造 %s 的利润；超过 100%% 的部分被其余客户消耗。"},
	{"No customer costs more than it brings.", "没有客户的成本高于其贡献。"},
	{"Natural breaks of the logarithm: from %s classes on they explain 90%% of the differences.",
	"按对数的自然断点：从 %s 类起可解释 90%% 的差异。"},
	{"How many levels there are", "有多少个层级"},
	{"differences explained, by the number of classes", "按类数可解释的差异"},
	{"recency", "最近一次购买"},
	{"frequency", "购买频率"},
	{"money", "购买金额"},
	{"potential", "潜力"},
	{"relationship", "关系"},
	{"score of %s", "%s得分"},
	{"The largest group, %s of the customers, scores %s in %s and %s in %s. The best in both are %s of the customers.",
	"最大的一组占客户的 %1$s，%3$s得分 %2$s，%5$s得分 %4$s。两项均最高的客户占 %6$s。"},
	{"customers; below, the mean of %s, which gives the shade", "客户数，下为%s的均值（决定深浅）"},
	{"%s of the customers score high in both %s and %s, %s in neither.", "%s 的客户在%s与%s上均高，%s 均低。"},
	/* the report */
	{"Customer tiers: %s", "客户等级：%s"},
	{"%s customers in %s tiers on %s; value %s.", "%3$s：%1$s 位客户，%2$s 个等级，价值 %4$s。"},
	{"The tiers on %s", "%s 的各等级"},
	{"Tier", "等级"},
	{"Customers", "客户"},
	{"Part of them", "客户占比"},
	{"Value", "价值"},
	{"Part of it", "价值占比"},
	{"Part of the value: of what customers above zero brought. Those at zero or below hold nothing.",
	"价值占比是占价值大于零的客户所带来价值的比例；价值为零或负的客户不计。"},
	{"Orders", "订单"},
	{"Average order", "平均订单额"},
	{"The largest moves since %s", "自 %s 以来最大的变动"},
	{"From", "从"},
	{"To", "到"},
	{"As of the refresh of %s.", "等级与合计为 %s 刷新时的结果。"},
	{"As of the refresh of %s. What is drawn from values and scores is there for the last refresh only.",
	"等级与合计为 %s 刷新时的结果。由数值与得分绘制的图仅适用于最近一次刷新。"},
};

/* A text in English, or what it is in Chinese as UTF-8. */
const char *
ct_word(bool chinese, const char *word)
{
	for (int i = 0; chinese && i < lengthof(words); i++)
		if (strcmp(words[i].english, word) == 0)
			return words[i].chinese;
	return word;
}

/* whether an argument says Chinese */
static bool
get_language(FunctionCallInfo fcinfo, int arg)
{
	char	   *language = text_to_cstring(PG_GETARG_TEXT_PP(arg));

	if (strcmp(language, "en") != 0 && strcmp(language, "zh") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown language \"%s\"", language),
				 errhint("It is one of en, zh.")));
	return strcmp(language, "zh") == 0;
}

static Datum
to_text(const char *utf8)
{
	return PointerGetDatum(cstring_to_text(pg_any_to_server(utf8, strlen(utf8), PG_UTF8)));
}

/* picture_word(text, language): the text in the language */
Datum
ct_picture_word(PG_FUNCTION_ARGS)
{
	char	   *word = text_to_cstring(PG_GETARG_TEXT_PP(0));
	const char *found = ct_word(get_language(fcinfo, 1), word);

	PG_RETURN_DATUM(found == word ? PG_GETARG_DATUM(0) : to_text(found));
}

/* picture_number(value, language): as numbers stand in pictures, with a hyphen as minus */
Datum
ct_picture_number(PG_FUNCTION_ARGS)
{
	bool		chinese = get_language(fcinfo, 1);
	double		value = PG_GETARG_FLOAT8(0);

	if (!isfinite(value))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(to_text(value < 0 ? psprintf("-%s", ct_number(chinese, -value)) : ct_number(chinese, value)));
}

/* picture_percent(share): a fraction as per cent */
Datum
ct_picture_percent(PG_FUNCTION_ARGS)
{
	if (!isfinite(PG_GETARG_FLOAT8(0)))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(to_text(ct_percent(PG_GETARG_FLOAT8(0))));
}

/* xml_text(text): as the text or an attribute of XML and HTML, in ASCII */
Datum
ct_xml_text(PG_FUNCTION_ARGS)
{
	StringInfoData out;

	initStringInfo(&out);
	ct_escape(&out, ct_utf8(text_to_cstring(PG_GETARG_TEXT_PP(0))));
	PG_RETURN_TEXT_P(cstring_to_text_with_len(out.data, out.len));
}
