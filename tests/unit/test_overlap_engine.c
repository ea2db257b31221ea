/* The loglinear engine: fits, rankings and lanes against the packages' numbers, which are given with
 * 15 or more digits: Rcapture 1.4-4 (closedpMS) and MultipleSystemsEstimation 1.2.0. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/overlap/engine.h"
#include "support/histories.h"
#include "support/support.h"

typedef struct ranked {
    const char *model; /* lists by number */
    double estimate;
    double bic;
} ranked;

typedef struct complete {
    const char *model;
    double estimate;
    double se;
    double deviance;
    double df;
    double aic;
    double bic;
} complete;

static const char *const numbers[] = {"1", "2", "3", "4",  "5",  "6",
                                      "7", "8", "9", "10", "11", "12"};

/* ---- MultipleSystemsEstimation: the 24 best models up to order 3 by BIC ---------------------- */

/* clang-format off */
static const ranked ukdat5_bic[] = {
    {"1:2:3,2:5,3:4", 25311.290612532484, 195.87910564421344},
    {"1:2:3,3:4,5", 28822.125608704879, 196.32967693393653},
    {"1:2,1:3,2:3,2:5,3:4", 22991.331314160147, 196.53975555161412},
    {"1:2,1:3,2:5,3:5,4:5", 12262.412420546874, 197.4949647564373},
    {"1:2,1:3,2:3,3:4,5", 25978.172738158053, 198.3204788193907},
    {"1:2,1:3,2:4,2:5,3:5,4:5", 11312.990289435236, 198.60469444296098},
    {"1:2:3,2:4,3:4,5", 34082.73575269182, 200.50491530194518},
    {"1:2,1:3,1:5,2:5,3:5,4:5", 12141.827002718774, 201.31073332494975},
    {"1:2,1:3,2:3,2:5,3:4,3:5", 19955.55875730998, 201.32140816973811},
    {"1:2,2:4,2:5,3:5,4:5", 10674.336778114404, 201.3795980042124},
    {"1:2,1:3,2:5,3:5,4", 13100.84329317132, 201.42008868027943},
    {"1:2:3,1:5,2:5,3:4", 24752.646245712505, 201.63258022940011},
    {"1:2:3,2:4,2:5,3:4", 28957.389478271678, 201.79388936922413},
    {"1:2,1:3,2:3,2:5,3:5,4:5", 13345.937529580573, 201.85102809505133},
    {"1:2:3,2:5,3:4,3:5", 22315.385195758834, 201.97795613245711},
    {"1:2:3,1:5,3:4", 28155.897172379468, 202.01255971680615},
    {"1:2,1:3,1:5,2:4,2:5,3:5,4:5", 11174.826820191707, 202.04199164410952},
    {"1:2,1:3,1:5,2:3,2:5,3:4", 22521.048191276124, 202.07593909212886},
    {"1:2,2:5,3:5,4:5", 11595.396205923564, 202.36511668406632},
    {"1:2,1:3,2:3,2:5,3:4,4:5", 21154.935287312175, 202.69173275624001},
    {"1:2:3,2:5,3:4,4:5", 23538.409813664206, 202.81220346938397},
    {"1:2,1:3,2:3,2:5,3:5,4", 14555.05051526711, 203.19209710723771},
    {"1:2:3,1:4,2:5,3:4", 25807.645316382695, 203.30328434069276},
    {"1:2:3,3:4,3:5", 26642.626195978686, 203.45478654417937},
};

static const ranked neworl5_bic[] = {
    {"1,2,3,4,5", 1034.1510652310465, 96.851524206148639},
    {"3:5,1,2,4", 924.54926698324095, 98.519879378671604},
    {"1:2,3,4,5", 1206.5586658154784, 98.705704012578508},
    {"1:4,2,3,5", 1189.7641203514372, 99.604917584667248},
    {"2:4,1,3,5", 1186.6825782005826, 99.741869099034105},
    {"3:4,1,2,5", 897.09215062496889, 100.05272935172835},
    {"4:5,1,2,3", 979.11215211809872, 100.31303715808585},
    {"1:2,1:4,3,5", 1481.5480397726301, 100.68024949741059},
    {"1:5,2,3,4", 990.71006480484186, 100.68796456268619},
    {"1:2,2:4,3,5", 1477.2776095525812, 100.83007960561815},
    {"1:2,3:5,4", 1066.377134022872, 100.88674932270618},
    {"3:4,3:5,1,2", 782.89309091849532, 101.0913654711202},
    {"1:4,3:5,2", 1049.9015129142829, 101.73857548391243},
    {"3:5,4:5,1,2", 870.91044086647969, 101.76026554817517},
    {"1:4,2:4,3,5", 1454.0540289715152, 101.79376456326764},
    {"2:3,1,4,5", 1093.9690726612225, 101.82557445250544},
    {"2:4,3:5,1", 1046.8800512682415, 101.86667318936938},
    {"2:5,1,3,4", 1056.8137627918911, 101.92582747711864},
    {"1:3,2,4,5", 1014.1278428280842, 102.03493801602175},
    {"1:5,3:5,2,4", 882.23727965490536, 102.1841050570962},
    {"1:2,4:5,3", 1135.7555146035547, 102.42088719035917},
    {"1:2,3:4,5", 1044.3169803025944, 102.53002431834796},
    {"1:2,1:4,2:4,3,5", 1839.3506559372818, 102.65737520016921},
    {"1:2,1:5,3,4", 1150.6088067836865, 102.74172688621456},
};

static const ranked kosovo_bic[] = {
    {"1:2:3,1:4,3:4", 10356.518957251839, 203.02963275217184},
    {"1:2:3,1:3:4", 12740.967741935476, 203.11337697408538},
    {"1:3:4,1:2,2:3", 18393.306115017804, 203.95728197976626},
    {"1:2:3,1:4,2:4,3:4", 9824.1701020896398, 209.14289108927309},
    {"1:3:4,1:2,2:3,2:4", 19233.477885967819, 210.19229105769625},
    {"1:2:3,1:3:4,2:4", 12840.705109083236, 211.49580697865991},
    {"1:2:3,3:4", 8650.4387096390092, 213.24677858387622},
    {"1:2:3,2:3:4", 7664.9622641508931, 214.91759885354205},
    {"1:2:3,2:4,3:4", 8132.3099562132966, 215.32756112949409},
    {"1:3:4,2:3:4,1:2", 20704.057854135204, 215.44951098771878},
    {"1:2:4,1:3:4,2:3", 20528.527208039577, 215.72373829921531},
    {"1:2:3,2:3:4,1:4", 9202.6073248686153, 216.34211625938909},
    {"1:2:3,1:2:4,3:4", 9715.1804674838349, 217.49480240827103},
    {"1:2:3,1:2:4,1:3:4", 13760.033936774598, 219.47002595300953},
    {"1:2:4,1:3:4,2:3:4", 22888.679339135324, 219.62966985580636},
    {"1:2:3,1:3:4,2:3:4", 13450.496817520641, 219.79240598936681},
    {"1:2:3,1:2:4,2:3:4", 8976.8148811974588, 224.59005189137457},
    {"1:2,1:3,1:4,2:3,3:4", 14341.663800427033, 225.21124647200486},
    {"1:2:3,1:2:4,1:3:4,2:3:4", 16941.880425175805, 227.26440201612888},
    {"1:2,1:3,1:4,2:3,2:4,3:4", 14402.48895168687, 233.53899963686152},
    {"1:2:4,1:3,2:3,3:4", 15475.080502340432, 238.90055859311778},
    {"1:2:3,2:4", 6991.4022140221286, 239.15043630595108},
    {"2:3:4,1:2,1:3,1:4", 15137.952580039249, 240.26933118197928},
    {"1:2:3,1:2:4", 6728.5853658536544, 241.00494546764187},
};

static const ranked ukdat4_bic[] = {
    {"1:2,1:3,4", 11987.08761528795, 142.42346319801089},
    {"1:2,1:3,2:4", 11015.244454372245, 143.1884379865572},
    {"1:2,2:4,3", 10371.130815389839, 145.47926160434673},
    {"1:2,1:3,2:3,4", 13052.056270798634, 146.8208406523386},
    {"1:2,3,4", 11310.576973628853, 146.86606054625886},
    {"1:2,1:3,2:3,2:4", 11701.859720738026, 149.81999987854425},
    {"1:2,1:3,1:4", 11902.738962072579, 149.88507936924165},
    {"1:2,1:3,3:4", 12277.522583754735, 150.07404309376386},
    {"1:2,1:3,2:4,3:4", 10338.354077720584, 150.32258775345903},
    {"1:2,2:4,3:4", 9310.4013290455987, 150.54231376875228},
    {"1:2,1:3,1:4,2:4", 10925.248331827741, 150.57338096434438},
    {"1:2:3,4", 13385.336538461543, 151.07639645236486},
    {"1:2,1:3,2:3,3:4", 16472.938421017468, 151.18089839108174},
    {"1:2,2:3,4", 12108.487767901412, 152.225711230461},
    {"1:2,1:4,2:4,3", 10278.074015256181, 152.65540057868338},
    {"1:2,2:3,2:4", 10747.228374744729, 152.79548543118676},
    {"1:2:3,3:4", 18719.260869565303, 153.34694135807868},
    {"1:2,1:4,3", 11220.226014663469, 154.13214386542887},
    {"1:2,1:3,1:4,2:3", 12964.185962284138, 154.48231577329449},
    {"1:2,3:4", 11077.136360411325, 154.5161663274705},
    {"1:2:3,2:4", 12029.734177215225, 154.75351357950325},
    {"1:2:4,1:3", 10830.22535211268, 155.64141151119583},
    {"1:2,2:3,2:4,3:4", 7813.19731814643, 157.16297421661739},
    {"1:2,1:4,2:4,3:4", 9098.1625902008054, 157.17499860000137},
};

static const ranked artificial3_bic[] = {
    {"1,2,3", 539.09392942860563, 46.404816720279982},
    {"1:3,2:3", 295.99999999999977, 46.660972819768816},
    {"1:3,2", 395.9999999999315, 46.685050961255236},
    {"2:3,1", 429.33333332954714, 47.792192778712433},
};

/* ---- Rcapture: the best models by BIC, of order 2 (HIV: 3) ----------------------------------- */

static const complete hiv_top[] = {
    {"1,2,3,4", 11124.5784691849, 904.751977599415, 13.0261369482937, 10, 90.0619954420794, 117.799503856154},
    {"1:2,3,4", 12318.4676767586, 1188.72152038319, 7.61375926332809, 9, 86.6496177571138, 119.934627854004},
    {"1:3,2,4", 10532.2595233768, 933.065369883976, 11.1639275966708, 9, 90.1997860904565, 123.484796187346},
    {"1:4,2,3", 10886.917450217, 905.272418364159, 11.9646678839209, 9, 91.0005263777066, 124.285536474596},
    {"2:3,1,4", 11335.2485863247, 1109.6012705666, 12.9015605946379, 9, 91.9374190884232, 125.222429185313},
    {"3:4,1,2", 11062.0563210086, 948.079987761121, 12.9848102723458, 9, 92.0206687661318, 125.305678863022},
    {"2:4,1,3", 11180.8483951572, 959.338043969429, 12.9904616241143, 9, 92.0263201178999, 125.31133021479},
    {"1:2,2:3,4", 13569.0439358484, 1751.04212121375, 6.09559774623694, 8, 87.1314562400226, 125.963968019727},
};

static const complete kosovo_top[] = {
    {"1:2,1:3,1:4,2:3,3:4", 14341.6638004271, 1018.28639722406, 39.8936435554086, 5, 161.317648272942, 225.211246472006},
    {"1:2,1:3,1:4,2:3,2:4,3:4", 14402.488951687, 1050.9047687089, 39.8320369003591, 4, 163.256041617892, 233.538999636862},
    {"1:2,1:3,2:3,3:4", 11322.2196973217, 620.209288147745, 91.6918114125616, 6, 211.115816130095, 268.620054509252},
    {"1:2,1:3,2:3,2:4,3:4", 11289.6364592998, 665.4677590045, 91.6746966259627, 5, 213.098701343496, 276.992299542559},
    {"1:3,1:4,2:3,3:4", 9868.28313660632, 406.831766301294, 113.417792534372, 6, 232.841797251905, 290.346035631063},
    {"1:3,1:4,2:3,2:4,3:4", 9705.18596443396, 416.64561557248, 112.001576775942, 5, 233.425581493475, 297.319179692538},
    {"1:2,1:4,2:3,3:4", 9580.45575040068, 379.423954451068, 123.131147900276, 6, 242.55515261781, 300.059390996967},
    {"1:3,2:3,3:4", 9191.966730397, 324.460802436917, 133.802075906485, 7, 251.226080624018, 302.340959183269},
};

static const complete ukdat5_top[] = {
    {"1:2,1:3,2:3,2:5,3:4", 22991.3313141602, 3021.58834268497, 22.2036165009491, 20, 131.450863674311, 196.539755551615},
    {"1:2,1:3,2:5,3:5,4:5", 12262.4124205469, 824.632215487614, 23.1588257057727, 20, 132.406072879135, 197.494964756439},
    {"1:2,1:3,2:3,3:4,5", 25978.1727381579, 3422.42697819435, 31.9015117575724, 21, 139.148758930935, 198.320478819392},
    {"1:2,1:3,2:4,2:5,3:5,4:5", 11312.9902894353, 802.726351614047, 16.3513834034513, 19, 127.598630576814, 198.604694442963},
    {"1:2,1:3,1:5,2:5,3:5,4:5", 12141.8270027188, 815.580967375229, 19.0574223306941, 19, 130.304669504057, 201.310733370206},
    {"1:2,1:3,2:3,2:5,3:4,3:5", 19955.5587573098, 2915.33972358206, 19.0680971302266, 19, 130.315344303589, 201.321408169738},
    {"1:2,2:4,2:5,3:5,4:5", 10674.3367781144, 704.345775916348, 27.0434589535475, 20, 136.29070612691, 201.379598004213},
    {"1:2,1:3,2:5,3:5,4", 13100.8432931713, 876.40406914697, 35.001121618462, 21, 142.248368791824, 201.420088680282},
};

static const complete neworl5_top[] = {
    {"1,2,3,4,5", 1034.15106523105, 254.945872472557, 19.2834545613753, 25, 77.5293892556789, 96.8515242061488},
    {"3:5,1,2,4", 924.549266983243, 224.446604283119, 15.7314539792557, 24, 75.9773886735592, 98.5198794491075},
    {"1:2,3,4,5", 1206.55866581548, 338.827855490268, 15.9172785427268, 24, 76.1632132370304, 98.7057040125787},
    {"1:4,2,3,5", 1189.76412035143, 333.597058792789, 16.8164921148155, 24, 77.0624268091191, 99.6049175846674},
    {"2:4,1,3,5", 1186.68257820059, 332.636791251029, 16.9534436291823, 24, 77.199378323486, 99.7418690990342},
    {"3:4,1,2,5", 897.092150624971, 224.756989077595, 17.2643038818766, 24, 77.5102385761802, 100.052729351729},
    {"4:5,1,2,3", 979.112152118099, 239.383733355452, 17.5246117442713, 24, 77.7705464385749, 100.313037214123},
    {"1:5,2,3,4", 990.710064804843, 242.624319596589, 17.8995391443914, 24, 78.145473838695, 100.687964614243},
};

/* clang-format on */

/* ---- helpers --------------------------------------------------------------------------------- */

static void load(traffstat_ctx *ctx, const histories *data, traffstat_i_counts *counts)
{
    double y[64] = {0.0};
    for (size_t i = 0; i < data->count; i++) {
        y[data->row[i].history] += data->row[i].persons;
    }
    assert_ok(ctx, traffstat_i_counts_new(ctx, data->lists, counts));
    traffstat_i_counts_set(counts, y);
}

static traffstat_i_terms parse(traffstat_ctx *ctx, const char *text, size_t lists, uint16_t *room)
{
    traffstat_i_terms model = {room, 0};
    assert_ok(ctx, traffstat_i_parse_model(ctx, text, numbers, lists, room, &model.count));
    return model;
}

static traffstat_i_fit fit(traffstat_ctx *ctx, traffstat_i_workshop *shop,
                           const traffstat_i_counts *counts, const char *text)
{
    uint16_t room[64];
    traffstat_i_fit out;
    assert_ok(ctx, traffstat_i_fit_model(ctx, shop, counts, parse(ctx, text, counts->lists, room),
                                         NULL, &out));
    return out;
}

/* ---- numbers of the packages ----------------------------------------------------------------- */

static void check_ranked(traffstat_ctx *ctx, const histories *data, const ranked *rows,
                         size_t count)
{
    traffstat_i_counts counts;
    traffstat_i_workshop shop;
    load(ctx, data, &counts);
    assert_ok(ctx, traffstat_i_workshop_new(ctx, data->lists, 32, &shop));
    for (size_t i = 0; i < count; i++) {
        const traffstat_i_fit got = fit(ctx, &shop, &counts, rows[i].model);
        assert_int_equal(got.existence, 0);
        assert_near(got.estimate, rows[i].estimate, 1e-9);
        assert_near(got.bic, rows[i].bic, 1e-9);
    }
    traffstat_i_workshop_free(ctx, &shop);
    traffstat_i_counts_free(ctx, &counts);
}

#define CHECK_RANKED(ctx, data, rows) check_ranked(ctx, data, rows, sizeof(rows) / sizeof *(rows))

static void fits_give_the_numbers_of_multiplesystemsestimation(void **state)
{
    CHECK_RANKED(*state, &ukdat5, ukdat5_bic);
    CHECK_RANKED(*state, &neworl5, neworl5_bic);
    CHECK_RANKED(*state, &kosovo, kosovo_bic);
    CHECK_RANKED(*state, &ukdat4, ukdat4_bic);
    CHECK_RANKED(*state, &artificial3, artificial3_bic);
}

/* Where a margin is empty Rcapture keeps the effect that runs off, so its deviance is about 1e-7 too
 * high there and N stops elsewhere: such rows are held at 1e-8. */
static void check_complete(traffstat_ctx *ctx, const histories *data, const complete *rows,
                           size_t count)
{
    traffstat_i_counts counts;
    traffstat_i_workshop shop;
    load(ctx, data, &counts);
    assert_ok(ctx, traffstat_i_workshop_new(ctx, data->lists, 32, &shop));
    for (size_t i = 0; i < count; i++) {
        uint16_t room[64];
        const traffstat_i_terms model = parse(ctx, rows[i].model, data->lists, room);
        bool empty = false;
        for (size_t k = 0; k < model.count; k++) {
            empty |= !(counts.total[model.term[k]] > 0.0);
        }
        const double exact = empty ? 1e-8 : 1e-9;
        const traffstat_i_fit got = fit(ctx, &shop, &counts, rows[i].model);
        assert_near(got.estimate, rows[i].estimate, exact);
        assert_near(got.se, rows[i].se, 1e-6);
        assert_near(got.deviance, rows[i].deviance, exact);
        assert_near(got.df, rows[i].df, 0.0);
        assert_near(got.aic, rows[i].aic, 1e-9);
        assert_near(got.bic, rows[i].bic, 1e-9);
    }
    traffstat_i_workshop_free(ctx, &shop);
    traffstat_i_counts_free(ctx, &counts);
}

#define CHECK_COMPLETE(ctx, data, rows)                                                            \
    check_complete(ctx, data, rows, sizeof(rows) / sizeof *(rows))

static void fits_give_the_numbers_of_rcapture(void **state)
{
    CHECK_COMPLETE(*state, &hiv, hiv_top);
    CHECK_COMPLETE(*state, &kosovo, kosovo_top);
    CHECK_COMPLETE(*state, &ukdat5, ukdat5_top);
    CHECK_COMPLETE(*state, &neworl5, neworl5_top);
}

/* ---- models as people write them ------------------------------------------------------------- */

static void check_print(traffstat_ctx *ctx, const char *text, const char *want)
{
    uint16_t room[64];
    traffstat_i_terms model = {room, 0};
    traffstat_text said;
    assert_ok(ctx, traffstat_i_parse_model(ctx, text, ukdat5.names, 5, room, &model.count));
    traffstat_i_text_init(&said, ctx);
    traffstat_i_print_model(&said, model, ukdat5.names, 5);
    assert_string_equal(traffstat_i_text_get(&said), want);
    traffstat_i_text_clear(&said);
}

static void printed_models_name_every_list(void **state)
{
    check_print(*state, "LA:NG,GP", "LA:NG,PFNCA,GO,GP");
    check_print(*state, "", "LA,NG,PFNCA,GO,GP");
    check_print(*state, " GP , GO : LA ", "LA:GO,NG,PFNCA,GP");
    check_print(*state, "LA:NG,NG:LA:GO,GP:GO,GP:GO", "LA:NG:GO,GO:GP,PFNCA");
    check_print(*state, "GO:GP,NG:GO,LA:GP,LA:NG", "LA:NG,LA:GP,NG:GO,GO:GP,PFNCA");
}

static void check_refused(traffstat_ctx *ctx, const char *text, const char *word)
{
    uint16_t room[64];
    size_t count = 0;
    assert_int_equal(traffstat_i_parse_model(ctx, text, ukdat5.names, 5, room, &count),
                     TRAFFSTAT_E_ARGUMENT);
    assert_non_null(strstr(traffstat_ctx_message(ctx), word));
}

static void models_that_name_no_list_are_refused_with_the_nearest(void **state)
{
    check_refused(*state, "LA:NX", "\"NG\"");
    check_refused(*state, "PFNC", "\"PFNCA\"");
    check_refused(*state, "LA:LA", "twice");
    check_refused(*state, "LA,,GP", "empty");
    check_refused(*state, "LA:", "empty");
}

static void counts_of_all_models_are_those_of_the_packages(void **state)
{
    static const struct {
        size_t lists;
        size_t order;
        size_t models;
    } cases[] = {{3, 2, 8},    {3, 3, 9},    {4, 2, 64},    {4, 3, 113},
                 {5, 2, 1024}, {5, 3, 6212}, {6, 2, 32768}, {2, 1, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        traffstat_i_model_set set;
        assert_ok(*state,
                  traffstat_i_all_models(*state, cases[i].lists, cases[i].order, 40000, &set));
        assert_int_equal(set.count, cases[i].models);
        for (size_t m = 1; m < set.count; m++) {
            assert_true(traffstat_i_model_at(&set, m - 1).count <=
                        traffstat_i_model_at(&set, m).count);
        }
        traffstat_i_model_set_free(*state, &set);
    }
    traffstat_i_model_set set;
    assert_int_equal(traffstat_i_all_models(*state, 6, 2, 1000, &set), TRAFFSTAT_E_LIMIT);
}

/* ---- lanes ----------------------------------------------------------------------------------- */

/* All models of a data set in any lanes and any company give the same bits. */
static void check_lanes(traffstat_ctx *ctx, const histories *data, size_t order)
{
    traffstat_i_counts counts;
    traffstat_i_model_set set;
    traffstat_i_workshop shop;
    load(ctx, data, &counts);
    assert_ok(ctx, traffstat_i_all_models(ctx, data->lists, order, 10000, &set));
    assert_ok(ctx, traffstat_i_workshop_new(ctx, data->lists, set.widest, &shop));
    traffstat_i_fit_job *jobs = calloc(set.count, sizeof *jobs);
    traffstat_i_fit_job **list = calloc(set.count, sizeof *list);
    double *beta = calloc(set.count * set.widest, sizeof *beta);
    double *first = calloc(2 * set.count, sizeof *first);
    assert_true(jobs != NULL && list != NULL && beta != NULL && first != NULL);
    for (size_t way = 0; traffstat_i_lanes_at(way) != NULL; way++) {
        size_t open = 0;
        for (size_t i = 0; i < set.count; i++) {
            const traffstat_i_terms model = traffstat_i_model_at(&set, i);
            jobs[i] = (traffstat_i_fit_job){.counts = &counts,
                                            .model = model,
                                            .unseen = -1.0,
                                            .cutoff = -INFINITY,
                                            .beta = beta + i * set.widest};
            if (traffstat_i_existence(&shop.exist, &counts, model) == 0) {
                list[open++] = &jobs[i];
            }
        }
        traffstat_i_fit_room room = shop.fit;
        room.lanes = traffstat_i_lanes_at(way);
        /* company shifts with the way */
        traffstat_i_fit_many(&room, list, way);
        traffstat_i_fit_many(&room, list + way, open - way);
        for (size_t i = 0; i < open; i++) {
            assert_int_equal(list[i]->state, TRAFFSTAT_I_FIT_DONE);
            const size_t at = (size_t) (list[i] - jobs);
            if (way == 0) {
                first[2 * at] = list[i]->ll;
                first[2 * at + 1] = list[i]->beta[0];
            }
            assert_true(first[2 * at] == list[i]->ll);
            assert_true(first[2 * at + 1] == list[i]->beta[0]);
        }
    }
    free(jobs);
    free(list);
    free(beta);
    free(first);
    traffstat_i_workshop_free(ctx, &shop);
    traffstat_i_model_set_free(ctx, &set);
    traffstat_i_counts_free(ctx, &counts);
}

static void lanes_of_any_width_give_the_same_bits(void **state)
{
    check_lanes(*state, &ukdat5, 3);
    check_lanes(*state, &neworl5, 2);
    check_lanes(*state, &kosovo, 3);
}

/* Newton's method comes back from a bad start by halving its steps, from a hopeless one by the cold
 * start. */
static void check_start(traffstat_ctx *ctx, double scale)
{
    uint16_t terms[64];
    double near[32] = {0.0};
    double far[32];
    traffstat_i_counts counts;
    traffstat_i_fit_room room;
    load(ctx, &ukdat5, &counts);
    const traffstat_i_terms model = parse(ctx, "1:2,1:3,2:5,3:5,4:5", 5, terms);
    assert_ok(ctx, traffstat_i_fit_room_new(ctx, 5, model.count, &room));
    for (size_t i = 0; i < model.count; i++) {
        far[i] = i % 2 == 0 ? scale : -0.75 * scale;
    }
    traffstat_i_fit_job a = {.counts = &counts, .model = model, .unseen = -1.0, .beta = near};
    traffstat_i_fit_job b = {
        .counts = &counts, .model = model, .unseen = -1.0, .warm = true, .beta = far};
    a.cutoff = b.cutoff = -INFINITY;
    traffstat_i_fit_job *const jobs[] = {&a, &b};
    traffstat_i_fit_many(&room, jobs, 2);
    assert_int_equal(a.state, TRAFFSTAT_I_FIT_DONE);
    assert_int_equal(b.state, TRAFFSTAT_I_FIT_DONE);
    assert_near(b.ll, a.ll, 1e-13);
    for (size_t i = 0; i < model.count; i++) {
        assert_near(far[i], near[i], 1e-10);
    }
    /* MultipleSystemsEstimation's N of this model */
    assert_near(counts.n + exp(near[0]), 12262.412420546874, 1e-9);
    traffstat_i_fit_room_free(ctx, &room);
    traffstat_i_counts_free(ctx, &counts);
}

static void a_far_start_reaches_the_same_maximum(void **state)
{
    check_start(*state, 1.0);
    check_start(*state, 3.0);
    check_start(*state, 12.0);
}

/* A cutoff just below the maximum never stops a fit; one above it always tells so or is not met. */
static void a_cutoff_stops_only_what_cannot_reach_it(void **state)
{
    uint16_t terms[64];
    double beta[32];
    traffstat_i_counts counts;
    traffstat_i_fit_room room;
    load(*state, &ukdat5, &counts);
    const traffstat_i_terms model = parse(*state, "1:2,3:4", 5, terms);
    assert_ok(*state, traffstat_i_fit_room_new(*state, 5, model.count, &room));
    traffstat_i_fit_job job = {.counts = &counts, .model = model, .unseen = -1.0, .beta = beta};
    traffstat_i_fit_job *const jobs[] = {&job};
    job.cutoff = -INFINITY;
    traffstat_i_fit_many(&room, jobs, 1);
    const double ll = job.ll;
    const int32_t steps = job.steps;
    job.cutoff = ll - 1e-6;
    traffstat_i_fit_many(&room, jobs, 1);
    assert_int_equal(job.state, TRAFFSTAT_I_FIT_DONE);
    assert_true(job.ll == ll);
    job.cutoff = ll + 5.0;
    traffstat_i_fit_many(&room, jobs, 1);
    assert_int_equal(job.state, TRAFFSTAT_I_FIT_BEATEN);
    assert_true(job.steps < steps);
    traffstat_i_fit_room_free(*state, &room);
    traffstat_i_counts_free(*state, &counts);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static traffstat_status use_all(traffstat_ctx *ctx, void *arg)
{
    (void) arg;
    traffstat_i_counts counts = {0};
    traffstat_i_model_set set = {0};
    traffstat_i_workshop shop = {0};
    traffstat_status status = traffstat_i_counts_new(ctx, 3, &counts);
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_all_models(ctx, 3, 3, 100, &set);
    }
    if (status == TRAFFSTAT_OK) {
        status = traffstat_i_workshop_new(ctx, 3, set.widest, &shop);
    }
    traffstat_i_workshop_free(ctx, &shop);
    traffstat_i_model_set_free(ctx, &set);
    traffstat_i_counts_free(ctx, &counts);
    return status;
}

static void every_allocation_may_fail(void **state)
{
    (void) state;
    assert_true(support_try_every_allocation(use_all, NULL) >= 7);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, support_ctx_setup, support_ctx_teardown)
    const struct CMUnitTest tests[] = {
        ONE(fits_give_the_numbers_of_multiplesystemsestimation),
        ONE(fits_give_the_numbers_of_rcapture),
        ONE(printed_models_name_every_list),
        ONE(models_that_name_no_list_are_refused_with_the_nearest),
        ONE(counts_of_all_models_are_those_of_the_packages),
        ONE(lanes_of_any_width_give_the_same_bits),
        ONE(a_far_start_reaches_the_same_maximum),
        ONE(a_cutoff_stops_only_what_cannot_reach_it),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests_name("overlap_engine", tests, NULL, NULL);
}
