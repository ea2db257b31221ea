/* Intervals of one Poisson mean by every method. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "model/rate/tail.h"
#include "support/support.h"

#include <traffstat/rate.h>

typedef struct known {
    int32_t method;
    int64_t count;
    double level;
    double lower;
    double upper;
} known;

/* R 4.2.2: qgamma, qchisq, uniroot and closed forms by hand; epitools and exactci agree. */
static const known of_r[] = {
    {TRAFFSTAT_POISSON_BYAR, 0, 0.95, 0, 3.6680118321737507},
    {TRAFFSTAT_POISSON_JEFFREYS, 0, 0.95, 0.00049103455858762884, 2.5119430936574423},
    {TRAFFSTAT_POISSON_MIDP, 0, 0.95, 0, 2.99573227355399},
    {TRAFFSTAT_POISSON_SCORE, 1, 0.95, 0.17652455493515307, 5.664934265758971},
    {TRAFFSTAT_POISSON_SQRT, 1, 0.95, 0.00040072063347726665, 3.9203286897135845},
    {TRAFFSTAT_POISSON_WALD, 1, 0.95, -0.95996398454005361, 2.9599639845400536},
    {TRAFFSTAT_POISSON_MIDP, 1, 0.95, 0.050020344835335684, 4.9318605247067726},
    {TRAFFSTAT_POISSON_LRT, 1, 0.95, 0.057058942417975822, 4.4030201028199993},
    {TRAFFSTAT_POISSON_GARWOOD, 2, 0.95, 0.24220927854396501, 7.2246876677239582},
    {TRAFFSTAT_POISSON_SCORE, 2, 0.95, 0.54847213825757635, 7.2929866824365472},
    {TRAFFSTAT_POISSON_SQRT, 2, 0.95, 0.18855705647417595, 5.7321723538728859},
    {TRAFFSTAT_POISSON_WALD, 2, 0.95, -0.77180764869935503, 4.7718076486993546},
    {TRAFFSTAT_POISSON_GARWOOD, 5, 0.95, 1.6234863901184209, 11.668332079322667},
    {TRAFFSTAT_POISSON_BYAR, 5, 0.95, 1.6113477157471938, 11.668164123398595},
    {TRAFFSTAT_POISSON_SQRT, 5, 0.95, 1.5777520022906244, 10.342977408056436},
    {TRAFFSTAT_POISSON_JEFFREYS, 5, 0.95, 1.9078741261180494, 10.960024630510603},
    {TRAFFSTAT_POISSON_WALD, 5, 0.95, 0.61738729711709261, 9.3826127028829074},
    {TRAFFSTAT_POISSON_MIDP, 5, 0.95, 1.8319948085284166, 11.082415664992014},
    {TRAFFSTAT_POISSON_LRT, 5, 0.95, 1.7930051317308977, 10.7463886334848},
    {TRAFFSTAT_POISSON_BYAR, 7, 0.95, 2.804430685075066, 14.423262559939046},
    {TRAFFSTAT_POISSON_SCORE, 7, 0.95, 3.3908638412187271, 14.450594979475394},
    {TRAFFSTAT_POISSON_SQRT, 7, 0.95, 2.7747874234373056, 13.145941986909756},
    {TRAFFSTAT_POISSON_JEFFREYS, 7, 0.95, 3.1310688975216259, 13.744196431721489},
    {TRAFFSTAT_POISSON_MIDP, 7, 0.95, 3.0615891397409376, 13.847096697814246},
    {TRAFFSTAT_POISSON_LRT, 7, 0.95, 3.0077843526345331, 13.537714637698844},
    {TRAFFSTAT_POISSON_GARWOOD, 8, 0.95, 3.4538321767485018, 15.763189220193315},
    {TRAFFSTAT_POISSON_BYAR, 8, 0.95, 3.4446906496873706, 15.764000493922607},
    {TRAFFSTAT_POISSON_SCORE, 8, 0.95, 4.0537990346458832, 15.787659786048238},
    {TRAFFSTAT_POISSON_SQRT, 8, 0.95, 3.4167494077748217, 14.503980002572243},
    {TRAFFSTAT_POISSON_JEFFREYS, 8, 0.95, 3.7820932247887851, 15.095504560819903},
    {TRAFFSTAT_POISSON_MIDP, 8, 0.95, 3.715395744803196, 15.19149534319496},
    {TRAFFSTAT_POISSON_GARWOOD, 10, 0.95, 4.7953886961324343, 18.390356042017778},
    {TRAFFSTAT_POISSON_BYAR, 10, 0.95, 4.7874499139675644, 18.391458605756473},
    {TRAFFSTAT_POISSON_SCORE, 10, 0.95, 5.4319861056143637, 18.409472715079758},
    {TRAFFSTAT_POISSON_SQRT, 10, 0.95, 4.7624143821279166, 17.15831502821915},
    {TRAFFSTAT_POISSON_MIDP, 10, 0.95, 5.0795218472173413, 17.824853696569679},
    {TRAFFSTAT_POISSON_LRT, 10, 0.95, 5.0107655414105956, 17.539344792299239},
    {TRAFFSTAT_POISSON_MIDP, 20, 0.95, 12.559738475435712, 30.339601130459123},
    {TRAFFSTAT_POISSON_LRT, 20, 0.95, 12.465697696820166, 30.089826294435213},
    {TRAFFSTAT_POISSON_GARWOOD, 50, 0.95, 37.110963737461866, 65.918766664336829},
    {TRAFFSTAT_POISSON_SCORE, 50, 0.95, 37.929226899805947, 65.912231920888175},
    {TRAFFSTAT_POISSON_SQRT, 50, 0.95, 37.101326461676763, 64.819402948670302},
    {TRAFFSTAT_POISSON_JEFFREYS, 50, 0.95, 37.541735374540707, 65.349854312032974},
    {TRAFFSTAT_POISSON_WALD, 50, 0.95, 36.140961756503224, 63.859038243496776},
    {TRAFFSTAT_POISSON_SCORE, 100, 0.95, 82.22720043412788, 121.61425838656625},
    {TRAFFSTAT_POISSON_JEFFREYS, 100, 0.95, 81.81501408848392, 121.07793174019261},
    {TRAFFSTAT_POISSON_WALD, 100, 0.95, 80.400360154599468, 119.59963984540053},
    {TRAFFSTAT_POISSON_MIDP, 100, 0.95, 81.79182109201227, 121.10349089745779},
    {TRAFFSTAT_POISSON_LRT, 100, 0.95, 81.65937932258889, 120.90050079646151},
    {TRAFFSTAT_POISSON_GARWOOD, 1000, 0.95, 938.97301840769524, 1063.9521360163019},
    {TRAFFSTAT_POISSON_SCORE, 1000, 0.95, 939.91147185825321, 1063.9299869624408},
    {TRAFFSTAT_POISSON_JEFFREYS, 1000, 0.95, 939.45752414416881, 1063.4366455565284},
    {TRAFFSTAT_POISSON_WALD, 1000, 0.95, 938.02049676954391, 1061.9795032304562},
    {TRAFFSTAT_POISSON_LRT, 1000, 0.95, 939.29431452138363, 1063.2665487227391},
    {TRAFFSTAT_POISSON_GARWOOD, 0, 0.99, 0, 5.2983173665480354},
    {TRAFFSTAT_POISSON_BYAR, 0, 0.99, 0, 5.3364267409050576},
    {TRAFFSTAT_POISSON_SCORE, 0, 0.99, 0, 6.6348966010212109},
    {TRAFFSTAT_POISSON_SQRT, 0, 0.99, 0, 1.6587241502553027},
    {TRAFFSTAT_POISSON_MIDP, 0, 0.99, 0, 4.6051701859880909},
    {TRAFFSTAT_POISSON_LRT, 0, 0.99, 0, 3.3174483005106059},
    {TRAFFSTAT_POISSON_GARWOOD, 1, 0.99, 0.0050125418235442863, 7.4301295002801222},
    {TRAFFSTAT_POISSON_BYAR, 1, 0.99, 2.7760660321816694e-05, 7.4704511894388075},
    {TRAFFSTAT_POISSON_SCORE, 1, 0.99, 0.11740546411215824, 8.5174911369090527},
    {TRAFFSTAT_POISSON_WALD, 1, 0.99, -1.5758293035488999, 3.5758293035488999},
    {TRAFFSTAT_POISSON_MIDP, 1, 0.99, 0.010000165844065345, 6.7773440475992448},
    {TRAFFSTAT_POISSON_LRT, 1, 0.99, 0.013515298649562661, 6.130768392038453},
    {TRAFFSTAT_POISSON_SCORE, 2, 0.99, 0.39045566517988828, 10.244440935841322},
    {TRAFFSTAT_POISSON_SQRT, 2, 0.99, 0.015951414818404567, 7.3014968856922016},
    {TRAFFSTAT_POISSON_WALD, 2, 0.99, -1.6427727354368984, 5.6427727354368979},
    {TRAFFSTAT_POISSON_MIDP, 2, 0.99, 0.14495983839643403, 8.6415565333044597},
    {TRAFFSTAT_POISSON_LRT, 2, 0.99, 0.15106509829272902, 8.1197535431619432},
    {TRAFFSTAT_POISSON_BYAR, 5, 0.99, 1.046842641375467, 14.179836176894639},
    {TRAFFSTAT_POISSON_SQRT, 5, 0.99, 0.89899472908402234, 12.418453571426586},
    {TRAFFSTAT_POISSON_JEFFREYS, 5, 0.99, 1.3016109452575566, 13.378424458234814},
    {TRAFFSTAT_POISSON_MIDP, 5, 0.99, 1.2227155707829709, 13.547966008648491},
    {TRAFFSTAT_POISSON_LRT, 5, 0.99, 1.2057443948964477, 13.153819664477217},
    {TRAFFSTAT_POISSON_GARWOOD, 7, 0.99, 2.0373374786996714, 17.133593268913348},
    {TRAFFSTAT_POISSON_BYAR, 7, 0.99, 2.0088425475456289, 17.160555477788332},
    {TRAFFSTAT_POISSON_SCORE, 7, 0.99, 2.7378876645826118, 17.897008936438599},
    {TRAFFSTAT_POISSON_JEFFREYS, 7, 0.99, 2.3004577858636703, 16.40066032289592},
    {TRAFFSTAT_POISSON_WALD, 7, 0.99, 0.1849962430569061, 13.815003756943094},
    {TRAFFSTAT_POISSON_MIDP, 7, 0.99, 2.2239366786663655, 16.542767013463937},
    {TRAFFSTAT_POISSON_LRT, 7, 0.99, 2.1930134385496918, 16.184421083242224},
    {TRAFFSTAT_POISSON_GARWOOD, 8, 0.99, 2.5711027215218469, 18.578225728303373},
    {TRAFFSTAT_POISSON_SQRT, 8, 0.99, 2.3731786793815068, 16.944269621129099},
    {TRAFFSTAT_POISSON_SCORE, 10, 0.99, 4.5223116195503366, 22.112584981470874},
    {TRAFFSTAT_POISSON_SQRT, 10, 0.99, 3.5132366872355418, 19.804211613275065},
    {TRAFFSTAT_POISSON_JEFFREYS, 10, 0.99, 4.0168267101163666, 20.700532385708797},
    {TRAFFSTAT_POISSON_MIDP, 10, 0.99, 3.9456024908187501, 20.818047190735982},
    {TRAFFSTAT_POISSON_GARWOOD, 20, 0.99, 10.353267658485043, 34.6679987284502},
    {TRAFFSTAT_POISSON_BYAR, 20, 0.99, 10.334502238186388, 34.685838295408701},
    {TRAFFSTAT_POISSON_SCORE, 20, 0.99, 11.329813202336116, 35.305083398685099},
    {TRAFFSTAT_POISSON_JEFFREYS, 20, 0.99, 10.710388380411743, 34.026363227720793},
    {TRAFFSTAT_POISSON_WALD, 20, 0.99, 8.4805411576574379, 31.519458842342562},
    {TRAFFSTAT_POISSON_MIDP, 20, 0.99, 10.652773182448039, 34.107310676944017},
    {TRAFFSTAT_POISSON_GARWOOD, 50, 0.99, 33.663781652739587, 71.26608847545107},
    {TRAFFSTAT_POISSON_SQRT, 50, 0.99, 33.444860473070811, 69.872587827439801},
    {TRAFFSTAT_POISSON_JEFFREYS, 50, 0.99, 34.07296535861429, 70.675641380079242},
    {TRAFFSTAT_POISSON_WALD, 50, 0.99, 31.786136322815508, 68.213863677184492},
    {TRAFFSTAT_POISSON_MIDP, 50, 0.99, 34.032815067709194, 70.725161736988625},
    {TRAFFSTAT_POISSON_LRT, 50, 0.99, 33.927304156813044, 70.489452375896917},
    {TRAFFSTAT_POISSON_SCORE, 100, 0.99, 77.346404360601653, 129.28849224041957},
    {TRAFFSTAT_POISSON_JEFFREYS, 100, 0.99, 76.556184760134499, 128.19640888719468},
    {TRAFFSTAT_POISSON_WALD, 100, 0.99, 74.241706964510996, 125.758293035489},
    {TRAFFSTAT_POISSON_GARWOOD, 1000, 0.99, 920.42404616335921, 1084.3728680643892},
    {TRAFFSTAT_POISSON_BYAR, 1000, 0.99, 920.42129914390955, 1084.3755976981688},
    {TRAFFSTAT_POISSON_SQRT, 1000, 0.99, 920.20384952005759, 1083.1135987804525},
    {TRAFFSTAT_POISSON_WALD, 1000, 0.99, 918.54512536980235, 1081.4548746301975},
    {TRAFFSTAT_POISSON_LRT, 1000, 0.99, 920.74158136201925, 1083.6813569852245},
    {TRAFFSTAT_POISSON_GARWOOD, 0, 0.9, 0, 2.99573227355399},
    {TRAFFSTAT_POISSON_BYAR, 0, 0.9, 0, 2.9684349728654795},
    {TRAFFSTAT_POISSON_SQRT, 0, 0.9, 0, 0.67638586352385266},
    {TRAFFSTAT_POISSON_MIDP, 0, 0.9, 0, 2.3025850929940459},
    {TRAFFSTAT_POISSON_LRT, 0, 0.9, 0, 1.3527717270477078},
    {TRAFFSTAT_POISSON_GARWOOD, 1, 0.9, 0.051293294387550523, 4.743864518390577},
    {TRAFFSTAT_POISSON_BYAR, 1, 0.9, 0.039513960151279268, 4.7280249693018721},
    {TRAFFSTAT_POISSON_SCORE, 1, 0.9, 0.22309222073811918, 4.4824512333572919},
    {TRAFFSTAT_POISSON_JEFFREYS, 1, 0.9, 0.17592315887463567, 3.9073639516255896},
    {TRAFFSTAT_POISSON_MIDP, 1, 0.9, 0.10015932447826417, 4.1130032807196395},
    {TRAFFSTAT_POISSON_BYAR, 2, 0.9, 0.34514985296121925, 6.2843099086435874},
    {TRAFFSTAT_POISSON_SCORE, 2, 0.9, 0.66184656017842691, 6.0436968939169837},
    {TRAFFSTAT_POISSON_SQRT, 2, 0.9, 0.35021155617050631, 5.0025601708771985},
    {TRAFFSTAT_POISSON_WALD, 2, 0.9, -0.32617430735334674, 4.3261743073533463},
    {TRAFFSTAT_POISSON_MIDP, 2, 0.9, 0.48778217435594062, 5.6890261992606987},
    {TRAFFSTAT_POISSON_LRT, 2, 0.9, 0.47419218214749498, 5.3030365449274068},
    {TRAFFSTAT_POISSON_BYAR, 5, 0.9, 1.9657608870816548, 10.50644671371378},
    {TRAFFSTAT_POISSON_SCORE, 5, 0.9, 2.4338804787509773, 10.271662975344434},
    {TRAFFSTAT_POISSON_WALD, 5, 0.9, 1.3219954770994291, 8.6780045229005704},
    {TRAFFSTAT_POISSON_MIDP, 5, 0.9, 2.2165250893581501, 9.9365660266294764},
    {TRAFFSTAT_POISSON_LRT, 5, 0.9, 2.1629520446028039, 9.6299964515156304},
    {TRAFFSTAT_POISSON_BYAR, 7, 0.9, 3.2823497973955944, 13.142884925459192},
    {TRAFFSTAT_POISSON_SQRT, 7, 0.9, 3.3245122235076505, 12.028259503540056},
    {TRAFFSTAT_POISSON_JEFFREYS, 7, 0.9, 3.6304719638350145, 12.497895069864313},
    {TRAFFSTAT_POISSON_MIDP, 7, 0.9, 3.567111507184157, 12.581403353970011},
    {TRAFFSTAT_POISSON_LRT, 7, 0.9, 3.4992586939040047, 12.296739976435877},
    {TRAFFSTAT_POISSON_GARWOOD, 8, 0.9, 3.9808227861892749, 14.434649715196315},
    {TRAFFSTAT_POISSON_BYAR, 8, 0.9, 3.9783091079773323, 14.429891852954434},
    {TRAFFSTAT_POISSON_SQRT, 8, 0.9, 4.0240372488171605, 13.328734478230547},
    {TRAFFSTAT_POISSON_JEFFREYS, 8, 0.9, 4.3358801023350386, 13.793555819137662},
    {TRAFFSTAT_POISSON_WALD, 8, 0.9, 3.3476513852933065, 12.652348614706693},
    {TRAFFSTAT_POISSON_MIDP, 8, 0.9, 4.275523093263355, 13.871559535184279},
    {TRAFFSTAT_POISSON_LRT, 8, 0.9, 4.2023051462989764, 13.594650139868316},
    {TRAFFSTAT_POISSON_GARWOOD, 10, 0.9, 5.4254056970912918, 16.962219235721896},
    {TRAFFSTAT_POISSON_BYAR, 10, 0.9, 5.4235248009763293, 16.958166192476352},
    {TRAFFSTAT_POISSON_SQRT, 10, 0.9, 5.474901984768282, 15.877869742279426},
    {TRAFFSTAT_POISSON_JEFFREYS, 10, 0.9, 5.7956526044103667, 16.33528667045865},
    {TRAFFSTAT_POISSON_WALD, 10, 0.9, 4.7985161212444281, 15.201483878755571},
    {TRAFFSTAT_POISSON_LRT, 10, 0.9, 5.6584880204759509, 16.13980922421873},
    {TRAFFSTAT_POISSON_GARWOOD, 20, 0.9, 13.254651598346552, 29.062018840434011},
    {TRAFFSTAT_POISSON_BYAR, 20, 0.9, 13.253994432778743, 29.059584307779033},
    {TRAFFSTAT_POISSON_SCORE, 20, 0.9, 13.873409426195591, 28.832134027899819},
    {TRAFFSTAT_POISSON_SQRT, 20, 0.9, 13.320376817722714, 28.032394909324996},
    {TRAFFSTAT_POISSON_JEFFREYS, 20, 0.9, 13.662775734997094, 28.471193573412048},
    {TRAFFSTAT_POISSON_WALD, 20, 0.9, 12.643990954198859, 27.356009045801141},
    {TRAFFSTAT_POISSON_LRT, 20, 0.9, 13.516813801700485, 28.284176622783409},
    {TRAFFSTAT_POISSON_BYAR, 50, 0.9, 38.964704857213569, 63.285831956313018},
    {TRAFFSTAT_POISSON_SCORE, 50, 0.9, 39.643494889844213, 63.062048564251192},
    {TRAFFSTAT_POISSON_SQRT, 50, 0.9, 39.045514326757122, 62.307257400290588},
    {TRAFFSTAT_POISSON_JEFFREYS, 50, 0.9, 39.406591954172022, 62.729209704241185},
    {TRAFFSTAT_POISSON_WALD, 50, 0.9, 38.369128463233267, 61.630871536766733},
    {TRAFFSTAT_POISSON_MIDP, 50, 0.9, 39.379163470173708, 62.759477697603771},
    {TRAFFSTAT_POISSON_GARWOOD, 100, 0.9, 84.139277218314177, 118.07927278209708},
    {TRAFFSTAT_POISSON_BYAR, 100, 0.9, 84.139396083963391, 118.07851290157983},
    {TRAFFSTAT_POISSON_SQRT, 100, 0.9, 84.227849594009115, 117.12492213303858},
    {TRAFFSTAT_POISSON_MIDP, 100, 0.9, 84.5783905929312, 117.55944467442461},
    {TRAFFSTAT_POISSON_LRT, 100, 0.9, 84.44067604614591, 117.36247760364117},
    {TRAFFSTAT_POISSON_GARWOOD, 1000, 0.9, 948.55984938365111, 1053.6031221333008},
    {TRAFFSTAT_POISSON_SCORE, 1000, 0.9, 949.32034486224632, 1053.3851985918491},
    {TRAFFSTAT_POISSON_SQRT, 1000, 0.9, 948.66154707596809, 1052.6912246510794},
    {TRAFFSTAT_POISSON_JEFFREYS, 1000, 0.9, 949.0468457640759, 1053.0901217326445},
    {TRAFFSTAT_POISSON_WALD, 1000, 0.9, 947.98516121244427, 1052.0148387875556},
    {TRAFFSTAT_POISSON_MIDP, 1000, 0.9, 949.04041753739864, 1053.0966920802598},
    {TRAFFSTAT_POISSON_LRT, 1000, 0.9, 948.88307271014298, 1052.9205687062854},
};

static void every_method_has_the_limits_of_r(void **state)
{
    for (size_t i = 0; i < sizeof of_r / sizeof of_r[0]; i++) {
        /* those of mid-p and of the likelihood ratio are uniroot's, at its default tolerances */
        const bool searched =
            of_r[i].method == TRAFFSTAT_POISSON_MIDP || of_r[i].method == TRAFFSTAT_POISSON_LRT;
        const double near = searched ? 1e-6 : 1e-12;
        traffstat_interval got;
        assert_ok(*state, traffstat_poisson_limits(*state, of_r[i].method, of_r[i].count, 1.0,
                                                   of_r[i].level, &got));
        assert_near(got.lower, of_r[i].lower, near);
        assert_near(got.upper, of_r[i].upper, near);
    }
}

static double normal(double level)
{
    /* R: qnorm(.5 + .5 * level) */
    return level == 0.95 ? 1.9599639845400545 : 2.5758293035489004;
}

static double poisson_below(int64_t k, double mean)
{
    double sum = 0.0;
    for (int64_t i = 0; i < k; i++) {
        sum += exp((double) i * log(mean) - mean - lgamma((double) i + 1.0));
    }
    return sum;
}

static void limits_solve_the_equations_that_define_them(void **state)
{
    const int64_t counts[] = {1, 2, 3, 7, 12, 30};
    const double levels[] = {0.95, 0.99};
    for (size_t i = 0; i < 12; i++) {
        const int64_t k = counts[i / 2];
        const double tail = 0.5 * (1.0 - levels[i % 2]);
        traffstat_interval got;
        assert_ok(*state, traffstat_poisson_limits(*state, TRAFFSTAT_POISSON_MIDP, k, 1.0,
                                                   levels[i % 2], &got));
        assert_near(0.5 * (poisson_below(k, got.upper) + poisson_below(k + 1, got.upper)), tail,
                    1e-11);
        assert_near(1.0 - 0.5 * (poisson_below(k, got.lower) + poisson_below(k + 1, got.lower)),
                    tail, 1e-11);
        assert_ok(*state, traffstat_poisson_limits(*state, TRAFFSTAT_POISSON_LRT, k, 1.0,
                                                   levels[i % 2], &got));
        const double ends[] = {got.lower, got.upper};
        const double z = normal(levels[i % 2]);
        for (int end = 0; end < 2; end++) {
            const double deviance =
                2.0 * (ends[end] - (double) k + (double) k * log((double) k / ends[end]));
            assert_near(deviance, z * z, 1e-11);
        }
    }
}

/* Is a limit within 1e-10 of itself: does the tail pass what is wanted between both sides of it? */
static void check_garwood(double k, double tail, const traffstat_interval *got, double exposure)
{
    for (int end = k > 0.0 ? 0 : 1; end < 2; end++) {
        const double limit = exposure * (end == 0 ? got->lower : got->upper);
        const double shape = end == 0 ? k : k + 1.0;
        traffstat_i_tails below;
        traffstat_i_tails above;
        assert_true(traffstat_i_gamma_tails(shape, limit * (1.0 - 1e-10), &below));
        assert_true(traffstat_i_gamma_tails(shape, limit * (1.0 + 1e-10), &above));
        const double near = end == 0 ? below.lower : above.upper;
        const double far = end == 0 ? above.lower : below.upper;
        assert_true(near < tail && tail < far);
    }
}

static void random_limits_have_their_tails(void **state)
{
    support_rng rng;
    support_rng_init(&rng, 63);
    for (int i = 0; i < 400; i++) {
        /* counts to 1e9, levels from 0.1 to 1 - 1e-8, exposures from 1e-9 to 1e9 */
        const double most = pow(10.0, 9.0 * support_rng_uniform(&rng));
        const double k = floor(most * support_rng_uniform(&rng));
        const double level = 1.0 - 0.9 * pow(10.0, -8.0 * support_rng_uniform(&rng));
        const double exposure = pow(10.0, 18.0 * support_rng_uniform(&rng) - 9.0);
        traffstat_interval got;
        assert_ok(*state, traffstat_poisson_interval(*state, (int64_t) k, exposure, level, &got));
        check_garwood(k, 0.5 * (1.0 - level), &got, exposure);
    }
}

/* Given their sum the second of two counts is binomial: its tail at the limits of the ratio. */
static void random_ratios_have_their_tails(void **state)
{
    support_rng rng;
    support_rng_init(&rng, 64);
    for (int i = 0; i < 400; i++) {
        const double most = pow(10.0, 8.0 * support_rng_uniform(&rng));
        const double first = 1.0 + floor(most * support_rng_uniform(&rng));
        const double second = 1.0 + floor(most * support_rng_uniform(&rng));
        const double exposure = pow(10.0, 18.0 * support_rng_uniform(&rng) - 9.0);
        traffstat_exact_options options;
        traffstat_exact_result got;
        traffstat_change change;
        traffstat_exact_options_init(&options, sizeof options);
        options.level = 1.0 - 0.9 * pow(10.0, -6.0 * support_rng_uniform(&rng));
        assert_ok(*state, traffstat_ratio_exact(*state, (int64_t) first, 1.0, (int64_t) second,
                                                exposure, &options, &got));
        assert_ok(*state, traffstat_poisson_compare(*state, (int64_t) first, 1.0, (int64_t) second,
                                                    exposure, options.level, &change));
        assert_near(change.lower, got.lower, 1e-11);
        assert_near(change.upper, got.upper, 1e-11);
        const double tail = 0.5 * (1.0 - options.level);
        for (int side = -1; side <= 1; side += 2) {
            const double nudge = 1.0 + 1e-10 * side;
            traffstat_i_tails low;
            traffstat_i_tails high;
            double odds = exposure * got.lower * nudge;
            assert_true(traffstat_i_beta_tails(second, first + 1.0, odds / (1.0 + odds),
                                               1.0 / (1.0 + odds), &low));
            odds = exposure * got.upper * nudge;
            assert_true(traffstat_i_beta_tails(second + 1.0, first, odds / (1.0 + odds),
                                               1.0 / (1.0 + odds), &high));
            assert_true((low.lower > tail) == (side > 0));
            assert_true((high.upper < tail) == (side > 0));
        }
    }
}

static void methods_nest_as_they_must(void **state)
{
    for (int64_t k = 1; k < 100000; k = 3 * k + 1) {
        traffstat_interval outer;
        traffstat_interval inner;
        assert_ok(*state, traffstat_poisson_limits(*state, TRAFFSTAT_POISSON_GARWOOD, k, 1.0, 0.95,
                                                   &outer));
        assert_ok(*state,
                  traffstat_poisson_limits(*state, TRAFFSTAT_POISSON_MIDP, k, 1.0, 0.95, &inner));
        assert_true(outer.lower < inner.lower && inner.upper < outer.upper);
        assert_true(inner.lower < (double) k && (double) k < inner.upper);
    }
}

static void exposure_divides_both_ends(void **state)
{
    for (int32_t method = 0; method <= TRAFFSTAT_POISSON_WALD; method++) {
        traffstat_interval one;
        traffstat_interval many;
        assert_ok(*state, traffstat_poisson_limits(*state, method, 9, 1.0, 0.9, &one));
        assert_ok(*state, traffstat_poisson_limits(*state, method, 9, 0.7334, 0.9, &many));
        assert_near(many.lower, one.lower / 0.7334, 1e-15);
        assert_near(many.upper, one.upper / 0.7334, 1e-15);
    }
}

static void methods_have_names_and_others_are_refused(void **state)
{
    traffstat_interval got = {-1.0, -1.0, -1.0};
    assert_string_equal(traffstat_poisson_method_name(TRAFFSTAT_POISSON_GARWOOD), "garwood");
    assert_string_equal(traffstat_poisson_method_name(TRAFFSTAT_POISSON_WALD), "wald");
    assert_string_equal(traffstat_poisson_method_name(8), "unknown");
    assert_string_equal(traffstat_poisson_method_name(-1), "unknown");
    assert_int_equal(traffstat_poisson_limits(*state, 8, 7, 1.0, 0.95, &got), TRAFFSTAT_E_ARGUMENT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "8"));
    assert_int_equal(traffstat_poisson_limits(*state, 0, -7, 1.0, 0.95, &got),
                     TRAFFSTAT_E_ARGUMENT);
    assert_non_null(strstr(traffstat_ctx_message(*state), "-7"));
    assert_int_equal(traffstat_poisson_limits(*state, 0, 7, 0.0, 0.95, &got), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_poisson_limits(*state, 0, 7, 1.0, NAN, &got), TRAFFSTAT_E_ARGUMENT);
    assert_int_equal(traffstat_poisson_limits(*state, 0, 7, 1.0, 0.95, NULL), TRAFFSTAT_E_ARGUMENT);
    assert_near(got.lower, -1.0, 0.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_has_the_limits_of_r),
        cmocka_unit_test(limits_solve_the_equations_that_define_them),
        cmocka_unit_test(random_limits_have_their_tails),
        cmocka_unit_test(random_ratios_have_their_tails),
        cmocka_unit_test(methods_nest_as_they_must),
        cmocka_unit_test(exposure_divides_both_ends),
        cmocka_unit_test(methods_have_names_and_others_are_refused),
    };
    return cmocka_run_group_tests(tests, support_ctx_setup, support_ctx_teardown);
}
