package runtime

import (
	"math"
	"strconv"
	"strings"
)

// units are the conversions between units of measure. A unit is written as in
// the list below; of another the result is null. The factors are those of the
// UnitsNet library, which Kusto's documentation names its units after, rounded
// ones (AcreFoot, ElectronVolt) included.
func units() []Func {
	var all []Func
	for quantity, list := range unitFactors() {
		factors := map[string]float64{}
		words := strings.Fields(list)
		for i := 0; i+1 < len(words); i += 2 {
			f, err := strconv.ParseFloat(words[i+1], 64)
			if err != nil {
				panic("BUG: factor of unit " + words[i])
			}
			factors[words[i]] = f
		}
		all = append(all, converter(quantity, func(v float64, from, to string) (float64, bool) {
			if quantity == "angle" {
				// The tilt of an angle is its sine: no factor says that.
				if from == "Tilt" {
					v, from = math.Asin(v), "Radian"
				}
				if to == "Tilt" {
					return math.Sin(v * factors[from] / factors["Radian"]), factors[from] != 0
				}
			}
			f, ok1 := factors[from]
			t, ok2 := factors[to]
			return v * f / t, ok1 && ok2
		}))
	}
	return append(all, converter("temperature", temperature))
}

func converter(quantity string, convert func(v float64, from, to string) (float64, bool)) Func {
	return fn("convert_"+quantity, "real string string -> real", func(a []any) any {
		v, ok := a[0].(float64)
		if !ok {
			return nil
		}
		return maybe(convert(v, str(a, 1), str(a, 2)))
	})
}

// temperature converts by way of kelvins: a scale has a zero and a degree.
func temperature(v float64, from, to string) (float64, bool) {
	scale := func(unit string) (zero, degree float64, ok bool) {
		switch unit {
		case "Kelvin":
			return 0, 1, true
		case "DegreeCelsius":
			return 273.15, 1, true
		case "MillidegreeCelsius":
			return 273.15, 0.001, true
		case "DegreeFahrenheit":
			return 273.15 - 32*5.0/9, 5.0 / 9, true
		case "DegreeRankine":
			return 0, 5.0 / 9, true
		case "DegreeDelisle":
			return 373.15, -2.0 / 3, true
		case "DegreeNewton":
			return 273.15, 100.0 / 33, true
		case "DegreeReaumur":
			return 273.15, 1.25, true
		case "DegreeRoemer":
			return 273.15 - 7.5*40/21, 40.0 / 21, true
		case "SolarTemperature":
			return 0, 5778, true
		}
		return 0, 0, false
	}
	zero, degree, ok1 := scale(from)
	zero2, degree2, ok2 := scale(to)
	if !ok1 || !ok2 {
		return 0, false
	}
	return (v*degree + (zero - zero2)) / degree2, true
}

// unitFactors lists, by quantity, each unit and how many of the base unit it is.
func unitFactors() map[string]string {
	return map[string]string{
		"angle": `Arcminute 0.016666666666666666 Arcsecond 0.0002777777777777778 Centiradian 0.5729577951308232 Deciradian 5.729577951308233
Degree 1 Gradian 0.9 Microdegree 0.000001 Microradian 0.00005729577951308232 Millidegree 0.001 Milliradian 0.057295779513082325
Nanodegree 1e-9 Nanoradian 5.7295779513082324e-8 NatoMil 0.05625 Radian 57.29577951308232 Revolution 360`,
		"energy": `BritishThermalUnit 1055.05585262 Calorie 4.184 DecathermEc 1055055852.6199999 DecathermImperial 1055055852.57348
DecathermUs 1054804000 ElectronVolt 1.602176565e-19 Erg 1e-7 FootPound 1.355817948 GigabritishThermalUnit 1055055852620
GigaelectronVolt 1.602176565e-10 Gigajoule 1000000000 GigawattDay 86400000000000 GigawattHour 3600000000000 HorsepowerHour 2684519.5377
Joule 1 KilobritishThermalUnit 1055055.85262 Kilocalorie 4184 KiloelectronVolt 1.602176565e-16 Kilojoule 1000 KilowattDay 86400000
KilowattHour 3600000 MegabritishThermalUnit 1055055852.62 Megacalorie 4184000 MegaelectronVolt 1.602176565e-13 Megajoule 1000000
MegawattDay 86400000000 MegawattHour 3600000000 Millijoule 0.001 TeraelectronVolt 1.602176565e-7 TerawattDay 86400000000000000
TerawattHour 3600000000000000 ThermEc 105505585.262 ThermImperial 105505585.257348 ThermUs 105480400 WattDay 86400
WattHour 3600`,
		"force": `Decanewton 10 Dyn 0.00001 KilogramForce 9.80665 Kilonewton 1000 KiloPond 9.80665 KilopoundForce 4448.2216152605
Meganewton 1000000 Micronewton 0.000001 Millinewton 0.001 Newton 1 OunceForce 0.2780138509537812 Poundal 0.138254954376
PoundForce 4.4482216152605 ShortTonForce 8896.443230521 TonneForce 9806.65`,
		"length": `Angstrom 1e-10 AstronomicalUnit 149597870700 Centimeter 0.01 Chain 20.1168 DataMile 1828.8 Decameter 10 Decimeter 0.1
DtpPica 0.004233333333332346 DtpPoint 0.00035277777777777776 Fathom 1.8288 Foot 0.3048 Hand 0.1016 Hectometer 100
Inch 0.0254 KilolightYear 9460730472580000000 Kilometer 1000 Kiloparsec 30856775812800000000 LightYear 9460730472580000
MegalightYear 9.46073047258e+21 Megaparsec 3.08567758128e+22 Meter 1 Microinch 2.54e-8 Micrometer 0.000001 Mil 0.0000254
Mile 1609.344 Millimeter 0.001 Nanometer 1e-9 NauticalMile 1852 Parsec 30856775812800000 PrinterPica 0.004217517599993978
PrinterPoint 0.00035145980351459805 Shackle 27.432 SolarRadius 695700000 Twip 0.000017638888888889126 UsSurveyFoot 0.3048006096012192
Yard 0.9144`,
		"mass": `Centigram 0.00001 Decagram 0.01 Decigram 0.0001 EarthMass 5.9722e+24 Grain 0.00006479891 Gram 0.001 Hectogram 0.1
Kilogram 1 Kilopound 453.59237 Kilotonne 1000000 LongHundredweight 50.80234544 LongTon 1016.0469088 Megapound 453592.37
Megatonne 1000000000 Microgram 1e-9 Milligram 0.000001 Nanogram 1.0000000000000002e-12 Ounce 0.028349523125 Pound 0.45359237
ShortHundredweight 45.359237 ShortTon 907.18474 Slug 14.593903000000001 SolarMass 1.98947e+30 Stone 6.350288000000001
Tonne 1000`,
		"speed": `CentimeterPerHour 0.000002777777777777778 CentimeterPerMinute 0.00016666666666666666 CentimeterPerSecond 0.01 DecimeterPerMinute 0.0016666666666666668
DecimeterPerSecond 0.1 FootPerHour 0.00008466666666666667 FootPerMinute 0.00508 FootPerSecond 0.3048 InchPerHour 0.000007055555555555555
InchPerMinute 0.0004233333333333333 InchPerSecond 0.0254 KilometerPerHour 0.2777777777777778 KilometerPerMinute 16.666666666666668
KilometerPerSecond 1000 Knot 0.5144444444444445 MeterPerHour 0.0002777777777777778 MeterPerMinute 0.016666666666666666
MeterPerSecond 1 MicrometerPerMinute 1.6666666666666667e-8 MicrometerPerSecond 0.000001 MilePerHour 0.44704 MillimeterPerHour 2.7777777777777776e-7
MillimeterPerMinute 0.000016666666666666667 MillimeterPerSecond 0.001 NanometerPerMinute 1.6666666666666667e-11
NanometerPerSecond 1e-9 UsSurveyFootPerHour 0.00008466683600033866 UsSurveyFootPerMinute 0.00508001016002032 UsSurveyFootPerSecond 0.3048006096012192
YardPerHour 0.000254 YardPerMinute 0.01524 YardPerSecond 0.9144`,
		"volume": `AcreFoot 1233.4806109182769 AuTablespoon 0.00002 BoardFoot 0.0023597372158 Centiliter 0.00001 CubicCentimeter 0.000001
CubicDecimeter 0.001 CubicFoot 0.028316846592 CubicHectometer 1000000 CubicInch 0.000016387064 CubicKilometer 1000000000
CubicMeter 1 CubicMicrometer 1e-18 CubicMile 4168181825.44058 CubicMillimeter 1e-9 CubicYard 0.764554858 Decaliter 0.01
DecausGallon 0.03785411784 Deciliter 0.0001 DeciusGallon 0.00037854117840000005 HectocubicFoot 2.8316846592 HectocubicMeter 100
Hectoliter 0.1 HectousGallon 0.3785411784 ImperialBeerBarrel 0.16365924 ImperialGallon 0.00454609 ImperialOunce 0.0000284130624999629
ImperialPint 0.00056826125 KilocubicFoot 28.316846592 KilocubicMeter 1000 KiloimperialGallon 4.54609 Kiloliter 1
KilousGallon 3.7854117840000003 Liter 0.001 MegacubicFoot 28316.846592 MegaimperialGallon 4546.09 Megaliter 1000
MegausGallon 3785.4117840000004 MetricCup 0.00025 MetricTeaspoon 0.000005 Microliter 1e-9 Milliliter 0.000001 OilBarrel 0.158987294928
UkTablespoon 0.000015 UsBeerBarrel 0.1173477658 UsCustomaryCup 0.0002365882365 UsGallon 0.003785411784 UsLegalCup 0.00024
UsOunce 0.000029573529562537606 UsPint 0.000473176473 UsQuart 0.000946352946 UsTablespoon 0.00001478676478125 UsTeaspoon 0.00000492892159375`,
	}
}
